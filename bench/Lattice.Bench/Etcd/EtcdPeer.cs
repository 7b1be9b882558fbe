using System.Diagnostics;
using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Lattice.Bench.Etcd;

/// <summary>Three local nodes of etcd (Debian package <c>etcd-server</c>), called over gRPC with one connection to each node.</summary>
internal sealed class EtcdPeer(string folder) : IPeer
{
    private const int Nodes = 3;
    private const int FirstClientPort = 23791;
    private const int FirstPeerPort = 23801;

    private readonly List<Process> processes = [];
    private readonly List<GrpcChannel> channels = [];
    private readonly List<KV.KVClient> clients = [];
    private int next;

    public string Name => "etcd";

    public async Task StartAsync(CancellationToken cancellation)
    {
        string members = string.Join(',', Enumerable.Range(0, Nodes).Select(i => string.Create(CultureInfo.InvariantCulture, $"n{i}=http://127.0.0.1:{FirstPeerPort + i}")));
        for (int i = 0; i < Nodes; i++)
        {
            string client = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FirstClientPort + i}");
            string peer = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FirstPeerPort + i}");
            var start = new ProcessStartInfo("etcd",
            [
                "--name", $"n{i}", "--data-dir", Path.Combine(folder, $"etcd-{i}"),
                "--listen-client-urls", client, "--advertise-client-urls", client,
                "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                "--initial-cluster", members, "--initial-cluster-state", "new", "--log-level", "error",
            ])
            { RedirectStandardOutput = true, RedirectStandardError = true };
            Process process = Process.Start(start) ?? throw new InvalidOperationException("'etcd' could not be started: install the Debian package etcd-server.");
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            processes.Add(process);
            var channel = GrpcChannel.ForAddress(client);
            channels.Add(channel);
            clients.Add(new KV.KVClient(channel));
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(30));
        for (bool up = false; !up;)
        {
            try
            {
                await WriteAsync("ready"u8.ToArray(), "yes"u8.ToArray(), patience.Token).ConfigureAwait(false);
                up = true;
            }
            catch (RpcException) when (!patience.IsCancellationRequested)
            {
                // Not listening or without a leader yet.
                await Task.Delay(100, patience.Token).ConfigureAwait(false);
            }
        }
    }

    public async Task WriteAsync(byte[] key, byte[] value, CancellationToken cancellation) =>
        await Client().PutAsync(new PutRequest { Key = UnsafeByteOperations.UnsafeWrap(key), Value = UnsafeByteOperations.UnsafeWrap(value) }, cancellationToken: cancellation).ConfigureAwait(false);

    public async Task ReadAsync(byte[] key, CancellationToken cancellation) =>
        await Client().RangeAsync(new RangeRequest { Key = UnsafeByteOperations.UnsafeWrap(key) }, cancellationToken: cancellation).ConfigureAwait(false);

    public async ValueTask DisposeAsync()
    {
        channels.ForEach(c => c.Dispose());
        foreach (Process process in processes)
        {
            process.Kill();
            await process.WaitForExitAsync().ConfigureAwait(false);
            process.Dispose();
        }
    }

    private KV.KVClient Client() => clients[(int)((uint)Interlocked.Increment(ref next) % Nodes)];
}
