using System.Diagnostics;
using System.Net;
using Lattice.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Lattice.EndToEnd.Tests;

/// <summary>The operator's page in a real browser, on three real processes.</summary>
[Trait("Share", "Full")]
public sealed class OperatorPageTests(ITestOutputHelper output)
{
    private const int Desktop = 1280;
    private const int Phone = 390;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // How soon an operator sees that a leader is gone and who follows it.
    private static readonly TimeSpan Change = TimeSpan.FromSeconds(2);

    [SkippableFact]
    public async Task The_page_shows_the_cluster_its_load_and_within_two_seconds_the_loss_of_a_leader()
    {
        await using Browser browser = await Browser.StartAsync();
        using var cluster = new TestCluster();
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        int leader = cluster.LeaderNode();
        int asked = cluster.Nodes.First(n => n != leader);
        BrowserPage page = await browser.OpenAsync(Desktop, 900, isDark: false);
        await page.GoToAsync(cluster.PageOf(asked));
        await page.WaitForAsync("document.querySelectorAll('#nodes article').length === 3 && document.getElementById('health').innerText.includes('Healthy')", Patience);
        await page.WaitForAsync($"document.querySelector(\"[data-role='Leader']\")?.dataset.node === '{leader}'", Patience);

        await using (var store = await TestStore.ConnectAsync(cluster))
        {
            await using var load = new WriteLoad(store, 16);
            load.Start();
            await page.WaitForAsync("[...document.querySelectorAll('.chart polyline.series-1')].some(line => line.getAttribute('points').split(' ').length > 4)", Patience);
            await page.WaitForAsync("/writes [1-9]/.test(document.getElementById('load').innerText)", Patience);
            await SavePicturesAsync(browser, cluster, asked, "serving");
            await page.ShowAsync();

            long killed = Stopwatch.GetTimestamp();
            cluster[leader].Kill();
            await page.WaitForAsync($"document.querySelector(\"[data-node='{leader}']\").dataset.role === 'Unreachable' && ![null, '{leader}'].includes(document.querySelector(\"[data-role='Leader']\")?.dataset.node ?? null)", Patience);
            TimeSpan took = Stopwatch.GetElapsedTime(killed);
            output.WriteLine($"the page showed the loss of the leader and the next one after {took.TotalMilliseconds:0} ms");
            Assert.True(took < Change, $"The page showed the change only after {took.TotalMilliseconds:0} ms.");
            await SavePicturesAsync(browser, cluster, asked, "leader-lost");
            await page.ShowAsync();
            await load.StopAsync();
        }

        await AssertIsSafeAsync(page, cluster.PageOf(asked));
        using var http = new HttpClient { BaseAddress = new Uri(cluster.PageOf(asked)) };
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("orleans/")).StatusCode);
        cluster[asked].Kill();
        await page.WaitForAsync("document.getElementById('health').innerText.includes('Unknown') && document.getElementById('notice').innerText.includes('has not answered since')", Patience);
    }

    [Fact]
    public async Task What_the_page_shows_can_be_read_by_programs_nothing_can_be_changed_and_Orleans_own_dashboard_can_stand_beside_it()
    {
        using var cluster = new TestCluster(nodes: 1, extra: "[telemetry]\norleans_dashboard = true");
        cluster.StartAll();
        cluster.WaitUntilHealthy();
        using var http = new HttpClient { BaseAddress = new Uri(cluster.PageOf(1)) };

        string report = await http.GetStringAsync("api/cluster");
        Assert.Contains($"\"cluster\":\"{cluster.Name}\"", report, StringComparison.Ordinal);
        Assert.Contains("\"health\":\"Healthy\"", report, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await http.GetAsync("api/cluster?after=yesterday")).StatusCode);
        foreach (string path in (string[])["", "api/cluster", "page/main.js"])
        {
            using HttpResponseMessage answer = await http.GetAsync(path);
            string policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
            Assert.StartsWith("default-src 'none';", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.MethodNotAllowed, (await http.PostAsync(path, content: null)).StatusCode);
        }

        foreach (string path in (string[])["orleans/", "orleans/index.min.js", "orleans/DashboardCounters"])
        {
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(path)).StatusCode);
        }
    }

    /// <summary>Pictures at both widths and in both colour schemes, to be looked at; nothing may stick out.</summary>
    private static async Task SavePicturesAsync(Browser browser, TestCluster cluster, int node, string name)
    {
        foreach ((int width, bool isDark) in ((int, bool)[])[(Desktop, false), (Desktop, true), (Phone, false), (Phone, true)])
        {
            BrowserPage page = await browser.OpenAsync(width, 844, isDark);
            await page.GoToAsync(cluster.PageOf(node));
            await page.WaitForAsync("document.querySelectorAll('#nodes article').length === 3 && document.querySelector('.chart polyline')", Patience);
            Assert.Equal($"{width}", await page.EvaluateAsync("document.documentElement.scrollWidth"));
            Assert.Equal(isDark ? "dark" : "light", await page.EvaluateAsync("(c => c[0] < 128 ? 'dark' : 'light')(getComputedStyle(document.body).backgroundColor.match(/\\d+/g))"));
            await page.SaveAsync(Path.Combine(Repository.Root, "artifacts", "page", $"{name}-{width}-{(isDark ? "dark" : "light")}.png"));
        }
    }

    private static async Task AssertIsSafeAsync(BrowserPage page, string address)
    {
        Assert.NotEmpty(page.Requests);
        Assert.All(page.Requests, request => Assert.StartsWith(address, request, StringComparison.Ordinal));
        Assert.Empty(page.Complaints);
        Assert.Equal("", await page.EvaluateAsync("[...document.querySelectorAll('svg[role=img], section')].filter(e => !e.getAttribute('aria-label') && !e.getAttribute('aria-labelledby')).map(e => e.outerHTML).join()"));

        // Names come from operators and their machines; as markup one of these would ask for an image.
        const string hostile = "<img src=/hostile onerror=alert(1)>";
        string shown = await page.EvaluateAsync($$"""
            import('./page/operations.js').then(m => {
              const place = document.createElement('div');
              m.showOperations(place, { operations: { latest: [{ operation: '{{hostile}}', who: '{{hostile}}', state: 'failed', failure: '{{hostile}}', seconds: 1, beganAt: 0, steps: [] }] } });
              return place.querySelectorAll('img').length + ' ' + place.innerText.split('{{hostile}}').length;
            })
            """);
        Assert.Equal("0 4", shown);
    }
}
