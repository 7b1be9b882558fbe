using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Lattice.EndToEnd.Tests.Harness;

/// <summary>A page in a <see cref="Browser"/>, and what it asked for and complained of.</summary>
internal sealed class BrowserPage
{
    private readonly Browser browser;
    private readonly string session;
    private readonly ConcurrentQueue<string> requests = new();
    private readonly ConcurrentQueue<string> complaints = new();

    public BrowserPage(Browser browser, string session)
    {
        (this.browser, this.session) = (browser, session);
        browser.Told += Take;
    }

    /// <summary>Every address that was asked for.</summary>
    public IReadOnlyCollection<string> Requests => requests;

    /// <summary>Exceptions of its scripts, violations of its policy, files that did not load.</summary>
    public IReadOnlyCollection<string> Complaints => complaints;

    public async Task PrepareAsync(int width, int height, bool isDark)
    {
        foreach (string domain in (string[])["Page", "Network", "Runtime", "Log"])
        {
            await CallAsync($"{domain}.enable", []);
        }

        await CallAsync("Emulation.setDeviceMetricsOverride", new JsonObject { ["width"] = width, ["height"] = height, ["deviceScaleFactor"] = 1, ["mobile"] = width < 600 });
        await CallAsync("Emulation.setEmulatedMedia", new JsonObject { ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = isDark ? "dark" : "light" }) });
    }

    public Task GoToAsync(string address) => CallAsync("Page.navigate", new JsonObject { ["url"] = address });

    /// <summary>Brings the page before others: one that is hidden asks for nothing.</summary>
    public Task ShowAsync() => CallAsync("Page.bringToFront", []);

    /// <summary>The value of an expression in the page, as text.</summary>
    public async Task<string> EvaluateAsync(string expression)
    {
        JsonNode answer = await CallAsync("Runtime.evaluate", new JsonObject { ["expression"] = $"Promise.resolve({expression}).then(String)", ["awaitPromise"] = true, ["returnByValue"] = true });
        return answer["exceptionDetails"] is { } thrown ? throw new InvalidOperationException($"{expression}: {thrown}") : answer["result"]!["value"]!.GetValue<string>();
    }

    /// <summary>Waits until an expression is true in the page.</summary>
    public async Task WaitForAsync(string expression, TimeSpan within)
    {
        long began = Stopwatch.GetTimestamp();
        while (await EvaluateAsync($"Boolean({expression})") != "true")
        {
            await Task.Delay(10);
            if (Stopwatch.GetElapsedTime(began) > within)
            {
                string text = await EvaluateAsync("document.body.innerText");
                throw new TimeoutException($"Not within {within.TotalSeconds:0.0} s: {expression}\n{text}\n{string.Join('\n', complaints)}");
            }
        }
    }

    /// <summary>A picture of the whole page.</summary>
    public async Task SaveAsync(string file)
    {
        JsonNode metrics = await CallAsync("Page.getLayoutMetrics", []);
        JsonNode size = metrics["cssContentSize"]!;
        JsonNode picture = await CallAsync("Page.captureScreenshot", new JsonObject
        {
            ["format"] = "png",
            ["captureBeyondViewport"] = true,
            ["clip"] = new JsonObject { ["x"] = 0, ["y"] = 0, ["width"] = size["width"]!.DeepClone(), ["height"] = size["height"]!.DeepClone(), ["scale"] = 1 },
        });
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllBytesAsync(file, Convert.FromBase64String(picture["data"]!.GetValue<string>()));
    }

    private Task<JsonNode> CallAsync(string method, JsonObject parameters) => browser.CallAsync(method, parameters, session);

    private void Take(string from, string what, JsonNode told)
    {
        if (from != session)
        {
            return;
        }

        switch (what)
        {
            case "Network.requestWillBeSent":
                requests.Enqueue(told["request"]!["url"]!.GetValue<string>());
                break;
            case "Runtime.exceptionThrown":
                complaints.Enqueue(told["exceptionDetails"]!.ToJsonString());
                break;
            case "Log.entryAdded" when told["entry"]!["level"]!.GetValue<string>() == "error":
                complaints.Enqueue(told["entry"]!.ToJsonString());
                break;
        }
    }
}
