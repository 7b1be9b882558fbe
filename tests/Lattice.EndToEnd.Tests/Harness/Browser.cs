using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Lattice.EndToEnd.Tests.Harness;

/// <summary>A headless Chromium, driven through its DevTools protocol.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    private readonly Process process;
    private readonly DirectoryInfo profile;
    private readonly ClientWebSocket socket = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode>> calls = new();
    private readonly SemaphoreSlim sending = new(1);
    private readonly CancellationTokenSource closing = new();
    private Task receiving = Task.CompletedTask;
    private int lastCall;

    private Browser(Process process, DirectoryInfo profile) => (this.process, this.profile) = (process, profile);

    /// <summary>What a page tells by itself: its session, the event's name and parameters.</summary>
    public event Action<string, string, JsonNode>? Told;

    /// <summary>Starts one, or skips the test where none is installed and none is required.</summary>
    public static async Task<Browser> StartAsync()
    {
        string? program = Names.SelectMany(name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        Assert.False(program is null && Environment.GetEnvironmentVariable("LATTICE_REQUIRE_CHROMIUM") == "1", "Chromium is required and not installed.");
        Skip.If(program is null, "Chromium is not installed");
        DirectoryInfo own = Directory.CreateTempSubdirectory("lattice-browser-");
        var start = new ProcessStartInfo(program!, ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--remote-debugging-port=0", $"--user-data-dir={own.FullName}", "about:blank"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        var browser = new Browser(Process.Start(start)!, own);
        await browser.ConnectAsync();
        return browser;
    }

    /// <summary>Opens an empty page of a size.</summary>
    public async Task<BrowserPage> OpenAsync(int width, int height, bool isDark)
    {
        JsonNode target = await CallAsync("Target.createTarget", new JsonObject { ["url"] = "about:blank" });
        JsonNode session = await CallAsync("Target.attachToTarget", new JsonObject { ["targetId"] = target["targetId"]!.GetValue<string>(), ["flatten"] = true });
        var page = new BrowserPage(this, session["sessionId"]!.GetValue<string>());
        await page.PrepareAsync(width, height, isDark);
        return page;
    }

    /// <summary>Calls a method of the protocol.</summary>
    public async Task<JsonNode> CallAsync(string method, JsonObject parameters, string? session = null)
    {
        int id = Interlocked.Increment(ref lastCall);
        var answer = new TaskCompletionSource<JsonNode>(TaskCreationOptions.RunContinuationsAsynchronously);
        calls[id] = answer;
        var message = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters };
        if (session is not null)
        {
            message["sessionId"] = session;
        }

        await sending.WaitAsync(closing.Token);
        try
        {
            await socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, endOfMessage: true, closing.Token);
        }
        finally
        {
            sending.Release();
        }

        return await answer.Task.WaitAsync(Patience);
    }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        await receiving;
        socket.Dispose();
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }

        await process.WaitForExitAsync();
        process.Dispose();
        sending.Dispose();
        closing.Dispose();

        // Its children may still be writing for a moment.
        Eventually.Holds(TryRemoveProfile, removed => removed, Patience);
    }

    private async Task ConnectAsync()
    {
        _ = process.StandardError.ReadToEndAsync(closing.Token);
        _ = process.StandardOutput.ReadToEndAsync(closing.Token);
        string file = Path.Combine(profile.FullName, "DevToolsActivePort");
        string[] lines = Eventually.Holds(() => File.Exists(file) ? File.ReadAllLines(file) : [], l => l.Length >= 2, Patience);
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{lines[0]}{lines[1]}"), closing.Token);
        receiving = Task.Run(ReceiveAsync);
    }

    private bool TryRemoveProfile()
    {
        try
        {
            profile.Delete(recursive: true);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private async Task ReceiveAsync()
    {
        byte[] buffer = new byte[1 << 16];
        using var message = new MemoryStream();
        try
        {
            while (!closing.IsCancellationRequested)
            {
                WebSocketReceiveResult part = await socket.ReceiveAsync(buffer, closing.Token);
                message.Write(buffer, 0, part.Count);
                if (part.EndOfMessage)
                {
                    Take(JsonNode.Parse(message.ToArray())!);
                    message.SetLength(0);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException)
        {
            foreach (TaskCompletionSource<JsonNode> call in calls.Values)
            {
                call.TrySetException(new InvalidOperationException("The browser is gone.", e));
            }
        }
    }

    private void Take(JsonNode message)
    {
        if (message["id"]?.GetValue<int>() is not { } id)
        {
            Told?.Invoke(message["sessionId"]?.GetValue<string>() ?? "", message["method"]!.GetValue<string>(), message["params"]!);
        }
        else if (calls.TryRemove(id, out TaskCompletionSource<JsonNode>? call))
        {
            if (message["error"] is { } error)
            {
                call.SetException(new InvalidOperationException($"The browser refused: {error}"));
            }
            else
            {
                call.SetResult(message["result"]!);
            }
        }
    }
}
