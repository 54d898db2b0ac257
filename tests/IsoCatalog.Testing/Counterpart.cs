using System.Collections.Frozen;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Xunit;

namespace IsoCatalog.Testing;

/// <summary>
/// The Debian programs and files that our own work is checked against. One that is missing skips the test by name on somebody's desk and
/// fails it where the environment says <c>CI=true</c>, so that nothing goes unchecked there in silence.
/// </summary>
public static class Counterpart
{
    private static readonly TimeSpan DefaultDeadline = TimeSpan.FromMinutes(1);

    private static readonly FrozenDictionary<string, string> Packages = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["ansible-playbook"] = "ansible-core",
        ["aria2c"] = "aria2",
        ["blkid"] = "util-linux",
        ["checkisomd5"] = "isomd5sum",
        ["chromium"] = "chromium",
        ["curl"] = "curl",
        ["dosfsck"] = "dosfstools",
        ["dpkg-deb"] = "dpkg",
        ["exportfs"] = "nfs-kernel-server",
        ["fatlabel"] = "dosfstools",
        ["fish"] = "fish",
        ["gcc"] = "gcc",
        ["genisoimage"] = "genisoimage",
        ["git"] = "git",
        ["gpg"] = "gnupg",
        ["groff"] = "groff",
        ["implantisomd5"] = "isomd5sum",
        ["ip"] = "iproute2",
        ["isohybrid"] = "syslinux-utils",
        ["ipmi_sim"] = "openipmi",
        ["ipmitool"] = "ipmitool",
        ["iptables"] = "iptables",
        ["iperf3"] = "iperf3",
        ["isoinfo"] = "genisoimage",
        ["losetup"] = "mount",
        ["man"] = "man-db",
        ["mandoc"] = "mandoc",
        ["mcopy"] = "mtools",
        ["mdir"] = "mtools",
        ["mkfs.ext4"] = "e2fsprogs",
        ["mkfs.vfat"] = "dosfstools",
        ["mkfs.xfs"] = "xfsprogs",
        ["mksquashfs"] = "squashfs-tools",
        ["mktorrent"] = "mktorrent",
        ["mkudffs"] = "udftools",
        ["mmd"] = "mtools",
        ["mount"] = "mount",
        ["nft"] = "nftables",
        ["openssl"] = "openssl",
        ["php"] = "php-cli and php-curl",
        ["prlimit"] = "util-linux",
        ["prometheus"] = "prometheus",
        ["promtool"] = "prometheus",
        ["python3"] = "python3",
        ["qemu-img"] = "qemu-utils",
        ["qemu-io"] = "qemu-utils",
        ["qemu-nbd"] = "qemu-utils",
        ["qemu-system-x86_64"] = "qemu-system-x86",
        ["rsync"] = "rsync",
        ["sfdisk"] = "fdisk",
        ["sha256sum"] = "coreutils",
        ["smbclient"] = "smbclient",
        ["smbd"] = "samba",
        ["sqlite3"] = "sqlite3",
        ["sqfstar"] = "squashfs-tools",
        ["ss"] = "iproute2",
        ["ssh"] = "openssh-client",
        ["strace"] = "strace",
        ["systemd-analyze"] = "systemd",
        ["tc"] = "iproute2",
        ["tcpdump"] = "tcpdump",
        ["transmission-cli"] = "transmission-cli",
        ["transmission-create"] = "transmission-cli",
        ["transmission-daemon"] = "transmission-daemon",
        ["transmission-remote"] = "transmission-cli",
        ["transmission-show"] = "transmission-cli",
        ["udfinfo"] = "udftools",
        ["unshare"] = "util-linux",
        ["wget"] = "wget",
        ["xorriso"] = "xorriso",
        ["xmllint"] = "libxml2-utils",
        ["zsh"] = "zsh",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Whether a missing counterpart is a failure (the environment says <c>CI=true</c>) instead of a skip.</summary>
    public static bool MissingIsFailure { get; } = string.Equals(Read("CI"), "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>The path of a program, looked for in PATH and in the sbin folders. Missing: the test is skipped, or fails in CI.</summary>
    public static string Require(string program)
    {
        if (Find(program) is { } path)
        {
            return path;
        }

        Missing(Packages.TryGetValue(program, out var package)
            ? $"The program {program} is not installed here: install the Debian package {package}."
            : $"The program {program} is not installed here: install the Debian package that carries it (apt-file search bin/{program}).");
        throw new UnreachableException();
    }

    /// <summary>The path itself when the file is there. Missing: the test is skipped, or fails in CI.</summary>
    public static string RequireFile(string path, string debianPackage)
    {
        if (!File.Exists(path))
        {
            Missing($"The file {path} is not here: install the Debian package {debianPackage}.");
        }

        return path;
    }

    /// <summary>The same of a file in the folder that Debian has for each architecture. Only there: links in /usr/lib lead up again, and a search follows them.</summary>
    public static string RequireLibrary(string name, string debianPackage) =>
        RequireFile(
            Directory.GetDirectories("/usr/lib", "*-linux-gnu*").Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists) ?? Path.Combine("/usr/lib", name),
            debianPackage);

    /// <summary>The path of a program, or null where it is not installed: for a test that only knows a better way with it.</summary>
    public static string? Find(string program) =>
        (Read("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Concat(["/usr/local/sbin", "/usr/sbin", "/sbin"])
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);

    /// <summary>Runs a counterpart to its end with nothing on its standard input, for a minute at most. See the other overload.</summary>
    public static Task<ProgramResult> RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancellationToken) =>
        RunAsync(program, arguments, DefaultDeadline, cancellationToken);

    /// <summary>
    /// Runs a counterpart (a bare name goes through <see cref="Require"/>) to its end, in the C locale and in UTC. At the deadline, or when the caller gives
    /// up, the program and everything that it started is killed.
    /// </summary>
    /// <exception cref="TimeoutException">The program was still running at the deadline.</exception>
    public static async Task<ProgramResult> RunAsync(
        string program, IEnumerable<string> arguments, TimeSpan deadline, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program.Contains('/', StringComparison.Ordinal) ? program : Require(program), arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["TZ"] = "UTC";

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(deadline);
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        try
        {
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new ProgramResult(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException cancelled) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{program} {string.Join(' ', start.ArgumentList)} was still running after {deadline}.", cancelled);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Skips the test, or fails it in CI, because of what the message says is missing.</summary>
    internal static void Missing(string message)
    {
        if (MissingIsFailure)
        {
            Assert.Fail(message);
        }

        Assert.Skip(message);
    }

    [SuppressMessage("ApiDesign", "RS0030:Do not use banned APIs", Justification = "PATH and CI are the environment's own words; tests have no configuration file.")]
    private static string? Read(string variable) => Environment.GetEnvironmentVariable(variable);
}

/// <summary>How a counterpart ended and what it said.</summary>
public sealed record ProgramResult(int ExitCode, string Output, string Error)
{
    /// <summary>The standard output, after asserting that the program ended with 0; otherwise the test fails with what it said.</summary>
    public string Succeeded()
    {
        Assert.True(ExitCode == 0, $"The program ended with {ExitCode}.\n{Error}\n{Output}");
        return Output;
    }
}
