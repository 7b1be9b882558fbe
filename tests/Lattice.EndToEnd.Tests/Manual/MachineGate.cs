using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Lattice.EndToEnd.Tests.Manual;

/// <summary>
/// Lets clients of the test reach a port of a <see cref="NamespacedMachine"/>: the same address and port of this host's loopback, since a gateway answers only who calls it by its own address.
/// Each connection to it is one from within the machine, from where the node is.
/// </summary>
internal sealed partial class MachineGate : IDisposable
{
    private const int NetworkNamespace = 0x4000_0000;

    private readonly TcpListener listener;
    private readonly IPEndPoint target;
    private readonly string network;

    public MachineGate(NamespacedMachine machine, int node, IPEndPoint target)
    {
        this.target = target;
        network = machine.NetworkOf(node);
        listener = new TcpListener(target);
        listener.Start();
        new Thread(Accept) { IsBackground = true, Name = $"gate to {target}" }.Start();
    }

    /// <summary>Where to connect to.</summary>
    public string Address => target.ToString();

    public void Dispose() => listener.Dispose();

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int Enter(SafeHandle descriptor, int kind);

    /// <summary>A thread that enters the machine's network: what it connects is connected there.</summary>
    private void Accept()
    {
        using (SafeHandle entry = File.OpenHandle(network))
        {
            if (Enter(entry, NetworkNamespace) != 0)
            {
                throw new InvalidOperationException($"The machine's network cannot be entered: error {Marshal.GetLastPInvokeError()}.");
            }
        }

        while (true)
        {
            Socket outside;
            try
            {
                outside = listener.AcceptSocket();
            }
            catch (SocketException)
            {
                return;
            }

            var inside = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            outside.NoDelay = true;
            try
            {
                inside.Connect(target);
                _ = JoinAsync(outside, inside);
            }
            catch (SocketException)
            {
                inside.Dispose();
                outside.Dispose();
            }
        }
    }

    private static async Task JoinAsync(Socket outside, Socket inside)
    {
        using (outside)
        using (inside)
        {
            await Task.WhenAny(CopyAsync(outside, inside), CopyAsync(inside, outside));
        }
    }

    private static async Task CopyAsync(Socket from, Socket to)
    {
        byte[] buffer = new byte[64 << 10];
        try
        {
            for (int read; (read = await from.ReceiveAsync(buffer)) > 0;)
            {
                for (int sent = 0; sent < read; sent += await to.SendAsync(buffer.AsMemory(sent, read - sent)))
                {
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // One side has closed; so is the other.
        }
    }
}
