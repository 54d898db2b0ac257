using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace IsoCatalog.Testing.Wan;

/// <summary>
/// A network of its own on this machine, with nothing but a loopback device at first: a site's host, or a router between sites. Its TCP may
/// use buffers of up to 64 MiB, as hosts at the ends of long lines are set up. Disposing of it removes it; what a killed run left behind is
/// removed by the next one. Needs root.
/// </summary>
public sealed partial class NetNamespace : IAsyncDisposable
{
    private const string Prefix = "isocatalog-";
    private const string Folder = "/run/netns";
    private const int NewNet = 0x40000000;

    private static int s_count;

    private NetNamespace(string name) => Name = name;

    /// <summary>As <c>ip netns</c> knows it.</summary>
    public string Name { get; }

    /// <summary>What is missing here for namespaces and links between them, or null.</summary>
    public static string? Lacks { get; } =
        !Environment.IsPrivilegedProcess ? "Network namespaces need root." :
        !File.Exists("/dev/net/tun") ? "There is no /dev/net/tun here: load the kernel module tun." :
        new[] { "ip", "gcc" }.FirstOrDefault(program => Counterpart.Find(program) is null) is { } program
            ? $"The program {program} is not installed here: install the Debian packages iproute2, gcc and libc6-dev." :
        null;

    /// <summary>Skips the test by name where namespaces cannot be had, and fails it in CI.</summary>
    public static void Require()
    {
        if (Lacks is { } missing)
        {
            Counterpart.Missing(missing);
        }
    }

    /// <param name="label">A few letters for whoever looks at <c>ip netns</c> in the meantime, a site's name for example.</param>
    public static async Task<NetNamespace> CreateAsync(string label, CancellationToken cancellationToken)
    {
        Require();
        await RemoveAbandonedAsync(cancellationToken);
        var network = new NetNamespace(
            string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}-{label}"));
        await IpAsync(["netns", "add", network.Name], cancellationToken);
        try
        {
            await IpAsync(["-n", network.Name, "link", "set", "lo", "up"], cancellationToken);
            await network.SetAsync("net.ipv4.tcp_rmem", "4096 131072 67108864", cancellationToken);
            await network.SetAsync("net.ipv4.tcp_wmem", "4096 16384 67108864", cancellationToken);
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>The words that start a program in this namespace: put them before it and its arguments. The process keeps its id.</summary>
    public IReadOnlyList<string> Wrapper => [Counterpart.Require("ip"), "netns", "exec", Name];

    /// <summary>How to start a program in this namespace, with all three standard streams redirected.</summary>
    public ProcessStartInfo Command(string program, IEnumerable<string> arguments) => new(Wrapper[0], [.. Wrapper.Skip(1), program, .. arguments])
    {
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };

    /// <summary>Runs a program in this namespace to its end. See <see cref="Counterpart.RunAsync(string, IEnumerable{string}, TimeSpan, CancellationToken)"/>.</summary>
    public Task<ProgramResult> RunAsync(string program, IEnumerable<string> arguments, TimeSpan deadline, CancellationToken cancellationToken) =>
        Counterpart.RunAsync(Wrapper[0], [.. Wrapper.Skip(1), program, .. arguments], deadline, cancellationToken);

    /// <summary>
    /// Runs a function on a thread that is in this namespace: a socket made there belongs to this namespace for good, whichever thread uses
    /// it later. The function must not wait for other threads to make sockets.
    /// </summary>
    public Task<T> InsideAsync<T>(Func<T> make)
    {
        var made = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                using var network = File.OpenHandle(Path.Combine(Folder, Name));
                if (SetNamespace(network, NewNet) != 0)
                {
                    throw new InvalidOperationException($"Cannot enter {Name}: {Marshal.GetLastPInvokeErrorMessage()}");
                }

                made.SetResult(make());
            }
#pragma warning disable CA1031 // Whatever it was, the caller gets it.
            catch (Exception failed)
#pragma warning restore CA1031
            {
                made.SetException(failed);
            }
        })
        { IsBackground = true, Name = Name }.Start();
        return made.Task;
    }

    /// <summary>Sets a value of <c>/proc/sys</c> that namespaces have of their own, for example <c>net.ipv4.ip_forward</c>.</summary>
    public async Task SetAsync(string key, string value, CancellationToken cancellationToken) => (await Counterpart.RunAsync(
        Wrapper[0],
        [.. Wrapper.Skip(1), "sh", "-c", "printf '%s' \"$2\" > \"$1\"", "sh", "/proc/sys/" + key.Replace('.', '/'), value],
        cancellationToken)).Succeeded();

    /// <summary>Adds or changes a route: the words of <c>ip route replace</c>, for example <c>10.98.0.0/16 via 10.98.0.2</c>.</summary>
    public Task RouteAsync(IEnumerable<string> route, CancellationToken cancellationToken) =>
        IpAsync(["-n", Name, "route", "replace", .. route], cancellationToken);

    public async ValueTask DisposeAsync() => await IpAsync(["netns", "delete", Name], CancellationToken.None);

    private static async Task RemoveAbandonedAsync(CancellationToken cancellationToken)
    {
        if (!Directory.Exists(Folder))
        {
            return;
        }

        foreach (var name in Directory.EnumerateFiles(Folder, Prefix + "*").Select(path => Path.GetFileName(path)!))
        {
            if (int.TryParse(name.Split('-')[1], out var owner) && !Directory.Exists($"/proc/{owner}"))
            {
                // Another run may be removing the same one: whoever comes second has nothing left to do.
                await Counterpart.RunAsync("ip", ["netns", "delete", name], cancellationToken);
            }
        }
    }

    private static async Task IpAsync(IEnumerable<string> arguments, CancellationToken cancellationToken) =>
        (await Counterpart.RunAsync("ip", arguments, cancellationToken)).Succeeded();

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeHandle network, int kind);
}
