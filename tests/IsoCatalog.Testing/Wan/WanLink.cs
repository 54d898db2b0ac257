using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;

namespace IsoCatalog.Testing.Wan;

/// <summary>
/// A link between two namespaces with a rate, a delay, losses and a bounded queue (<c>tests/wanlink</c>, compiled here and now). Each link
/// has two addresses of its own. It ends with this object, or with this process, however that ends. One command at a time.
/// </summary>
public sealed class WanLink : IAsyncDisposable
{
    private const int MostLinks = 1 << 14;

    private static int s_count;

    private readonly Process _process;
    private readonly NetNamespace _a;
    private readonly NetNamespace _b;
    private readonly string _device;

    private WanLink(Process process, NetNamespace a, NetNamespace b, string device, int number)
    {
        (_process, _a, _b, _device) = (process, a, b, device);
        (AddressA, AddressB) = (Address(number, 1), Address(number, 2));
    }

    /// <summary>Where the first namespace is reached through this link.</summary>
    public IPAddress AddressA { get; }

    public IPAddress AddressB { get; }

    /// <summary>Compiles, starts and waits until both ends are up. The namespaces must outlive the link.</summary>
    public static async Task<WanLink> CreateAsync(NetNamespace a, NetNamespace b, WanQuality quality, CancellationToken cancellationToken)
    {
        var number = Interlocked.Increment(ref s_count);
        if (number >= MostLinks)
        {
            throw new InvalidOperationException($"This process has made {MostLinks} links; there are no more addresses.");
        }

        var device = string.Create(CultureInfo.InvariantCulture, $"wan{number}");

        // A running program needs its file no longer.
        using var folder = new TempFolder();
        var program = await CompileAsync(folder, cancellationToken);
        string[] arguments =
        [
            a.Name, device, $"{Address(number, 1)}/30", b.Name, device, $"{Address(number, 2)}/30",
            Number(quality.Megabits), Number(quality.OneWay.TotalMilliseconds), Number(quality.LossPercent), Number(quality.Queue.TotalMilliseconds),
        ];
        var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var link = new WanLink(process, a, b, device, number);
        try
        {
            await link.ExpectAsync("up", cancellationToken);
            return link;
        }
        catch
        {
            await link.DisposeAsync();
            throw;
        }
    }

    /// <summary>From now on all is lost, also what is under way, and nobody is told: a cable that was pulled somewhere far away.</summary>
    public Task CutAsync(CancellationToken cancellationToken) => CommandAsync("cut", cancellationToken);

    /// <summary>Carries again.</summary>
    public Task MendAsync(CancellationToken cancellationToken) => CommandAsync("mend", cancellationToken);

    public Task SetLossAsync(double percent, CancellationToken cancellationToken) => CommandAsync($"loss {Number(percent)}", cancellationToken);

    public Task SetRateAsync(double megabits, CancellationToken cancellationToken) => CommandAsync($"rate {Number(megabits)}", cancellationToken);

    /// <summary>
    /// Makes TCP connections over this link start with another congestion control than the host's, whatever the program asks for before it
    /// connects. Null takes that back.
    /// </summary>
    public async Task SetCongestionControlAsync(string? name, CancellationToken cancellationToken)
    {
        foreach (var (network, peer) in new[] { (_a, AddressB), (_b, AddressA) })
        {
            string[] change = name is null
                ? ["route", "delete", $"{peer}/32", "dev", _device]
                : ["route", "replace", $"{peer}/32", "dev", _device, "congctl", name];
            (await Counterpart.RunAsync("ip", ["-n", network.Name, .. change], cancellationToken)).Succeeded();
        }
    }

    /// <summary>What each end has sent so far.</summary>
    public async Task<(WanTraffic FromA, WanTraffic FromB)> TrafficAsync(CancellationToken cancellationToken)
    {
        await _process.StandardInput.WriteLineAsync("stats".AsMemory(), cancellationToken);
        using var stats = JsonDocument.Parse(await LineAsync(cancellationToken));
        return (Read(stats.RootElement.GetProperty("a")), Read(stats.RootElement.GetProperty("b")));

        static WanTraffic Read(JsonElement of) => new(
            of.GetProperty("packets").GetInt64(), of.GetProperty("bytes").GetInt64(), of.GetProperty("lost").GetInt64(), of.GetProperty("dropped").GetInt64());
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private static async Task<string> CompileAsync(TempFolder folder, CancellationToken cancellationToken)
    {
        var source = folder.Combine("wanlink.c");
        await using (var text = typeof(WanLink).Assembly.GetManifestResourceStream("wanlink.c")!)
        await using (var file = File.Create(source))
        {
            await text.CopyToAsync(file, cancellationToken);
        }

        var program = folder.Combine("wanlink");
        (await Counterpart.RunAsync("gcc", ["-O2", "-Wall", "-Wextra", "-Werror", "-pthread", "-o", program, source], cancellationToken)).Succeeded();
        return program;
    }

    private Task CommandAsync(string command, CancellationToken cancellationToken)
    {
        _process.StandardInput.WriteLine(command);
        return ExpectAsync("done", cancellationToken);
    }

    private async Task ExpectAsync(string answer, CancellationToken cancellationToken)
    {
        var line = await LineAsync(cancellationToken);
        if (line != answer)
        {
            throw new InvalidOperationException($"wanlink answered '{line}' instead of '{answer}'.");
        }
    }

    private async Task<string> LineAsync(CancellationToken cancellationToken) =>
        await _process.StandardOutput.ReadLineAsync(cancellationToken)
            ?? throw new InvalidOperationException($"wanlink ended: {await _process.StandardError.ReadToEndAsync(cancellationToken)}");

    private static IPAddress Address(int link, int end) => new([10, 98, (byte)(link >> 6), (byte)((link << 2) + end)]);

    private static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);
}
