using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace IsoCatalog.Testing;

/// <summary>How a machine got to the text that was waited for.</summary>
/// <param name="Took">From the start of the machine.</param>
/// <param name="Screen">The 25 lines of the VGA text screen when it was found, trailing blanks removed.</param>
/// <param name="Serial">All that came on the first serial line by then.</param>
public sealed record QemuBootResult(TimeSpan Took, string Screen, string Serial);

/// <summary>
/// Boots a PC with BIOS or UEFI from a CD under software emulation: the proof that an image is not only the right bytes but starts. The machine has
/// no network and no disk.
/// </summary>
public static class QemuBoot
{
    private const int ScreenAddress = 0xB8000;
    private const int Columns = 80;
    private const int Rows = 25;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Boots from a path or an http(s) URL (Debian package qemu-block-extra), read-only, and waits until the ASCII text appears, exactly, on
    /// the serial line or in one line of the VGA text screen. The deadline is for all of it.
    /// </summary>
    /// <param name="firmware">A firmware in place of BIOS, such as <see cref="Uefi"/>; what it shows comes on the serial line.</param>
    /// <exception cref="TimeoutException">The text did not appear; the message carries the screen and the serial line.</exception>
    /// <exception cref="InvalidOperationException">The machine ended before; the message carries what it said.</exception>
    public static async Task<QemuBootResult> UntilAsync(string cdrom, string banner, TimeSpan deadline, CancellationToken cancellationToken, string? firmware = null)
    {
        using var folder = new TempFolder();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(deadline);

        // The machine connects to us, so there is no moment at which its socket is not there yet.
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(folder.Combine("monitor")));
        listener.Listen(1);

        using var machine = Process.Start(Machine(cdrom, firmware, folder))!;
        var watch = Stopwatch.StartNew();
        var said = machine.StandardError.ReadToEndAsync(cancellationToken);
        var ended = machine.WaitForExitAsync(limit.Token);
        var last = new QemuBootResult(TimeSpan.Zero, "", "");
        try
        {
            var accepted = listener.AcceptAsync(limit.Token).AsTask();
            if (await Task.WhenAny(accepted, ended) == ended)
            {
                await ended;
                throw new InvalidOperationException($"qemu did not start from {cdrom}: {await said}");
            }

            await using var monitor = new NetworkStream(await accepted, ownsSocket: true);
            using var answers = new StreamReader(monitor, Encoding.UTF8);
            await answers.ReadLineAsync(limit.Token);
            await CommandAsync(monitor, answers, """{"execute":"qmp_capabilities"}""", limit.Token);
            using var timer = new PeriodicTimer(LookEvery);
            do
            {
                // Looked at in this order, the screen that is returned is not older than what came first on the line, and the line not older than the screen.
                var serial = Serial(folder.Combine("serial"));
                var screen = await ScreenAsync(monitor, answers, folder, limit.Token);
                last = new QemuBootResult(watch.Elapsed, screen, Serial(folder.Combine("serial")));
                if (screen.Contains(banner, StringComparison.Ordinal) || serial.Contains(banner, StringComparison.Ordinal))
                {
                    return last;
                }
            }
            while (await timer.WaitForNextTickAsync(limit.Token));
            throw new UnreachableException();
        }
        catch (IOException gone)
        {
            // The monitor closes a moment before the process is gone.
            await ended;
            throw new InvalidOperationException($"qemu ended before it showed \"{banner}\" from {cdrom}: {await said}", gone);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(
                $"\"{banner}\" did not appear within {deadline} of starting from {cdrom}.\nScreen:\n{last.Screen}\nSerial line:\n{last.Serial}", late);
        }
        finally
        {
            machine.Kill(entireProcessTree: true);
            await machine.WaitForExitAsync(CancellationToken.None);
        }
    }

    /// <summary>OVMF, which is built from EDK II.</summary>
    public static string Uefi() => Counterpart.RequireFile("/usr/share/ovmf/OVMF.fd", "ovmf");

    private static ProcessStartInfo Machine(string cdrom, string? firmware, TempFolder folder)
    {
        static string Quote(string value) => value.Replace(",", ",,", StringComparison.Ordinal);

        return new ProcessStartInfo(
            Counterpart.Require("qemu-system-x86_64"),
            [
                "-nodefaults", "-no-user-config", "-machine", "pc,accel=tcg", "-m", firmware is null ? "64" : "256", "-vga", "std", "-display", "none", "-no-reboot",
                "-drive", $"if=ide,media=cdrom,readonly=on,format=raw,file={Quote(cdrom)}", "-boot", "d",
                .. firmware is null ? [] : (string[])["-bios", firmware],
                "-serial", $"file:{folder.Combine("serial")}", "-qmp", $"unix:{folder.Combine("monitor")}",
            ])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        };
    }

    private static async Task<string> ScreenAsync(Stream monitor, StreamReader answers, TempFolder folder, CancellationToken cancellationToken)
    {
        var dump = folder.Combine("screen");
        await CommandAsync(
            monitor,
            answers,
            $$"""{"execute":"pmemsave","arguments":{"val":{{ScreenAddress}},"size":{{2 * Columns * Rows}},"filename":"{{dump}}"} }""",
            cancellationToken);
        var cells = await File.ReadAllBytesAsync(dump, cancellationToken);
        var screen = new StringBuilder();
        for (var row = 0; row < Rows; row++)
        {
            var line = string.Create(Columns, cells.AsMemory(2 * Columns * row, 2 * Columns), static (text, attributed) =>
            {
                for (var column = 0; column < text.Length; column++)
                {
                    var character = (char)attributed.Span[2 * column];
                    text[column] = character is >= ' ' and <= '~' ? character : character == 0 ? ' ' : '.';
                }
            });
            screen.Append(line.TrimEnd()).Append('\n');
        }

        return screen.ToString().TrimEnd();
    }

    private static string Serial(string path) => File.Exists(path) ? File.ReadAllText(path, Encoding.Latin1) : "";

    /// <summary>One command of the QEMU Machine Protocol; events that come before the answer are passed over.</summary>
    private static async Task CommandAsync(Stream monitor, StreamReader answers, string command, CancellationToken cancellationToken)
    {
        await monitor.WriteAsync(Encoding.UTF8.GetBytes(command + "\n"), cancellationToken);
        while (true)
        {
            var line = await answers.ReadLineAsync(cancellationToken) ?? throw new IOException("The machine closed its monitor.");
            using var answer = JsonDocument.Parse(line);
            if (answer.RootElement.TryGetProperty("return", out _))
            {
                return;
            }

            if (answer.RootElement.TryGetProperty("error", out var error))
            {
                throw new InvalidOperationException($"qemu refused {command}: {error}");
            }
        }
    }
}
