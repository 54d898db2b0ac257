using System.Diagnostics;
using System.Globalization;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Commands;

/// <summary>
/// Runs this very program again as the user that a site runs as: root may read and write everything, so what root finds out by trying says nothing of the site. Where systemd runs the site's unit, also
/// behind the unit's walls (<c>ProtectHome=</c> and the like), which no mode of a file tells of.
/// </summary>
internal sealed class ServiceUser
{
    private const string Unit = "isocatalog.service";

    /// <summary>What the unit opens and closes. Not StateDirectory=, which would give the folder to the user; it is one of ReadWritePaths= instead.</summary>
    private static readonly string[] Walls =
    [
        "User", "Group", "SupplementaryGroups", "UMask", "LimitNOFILE", "AmbientCapabilities", "CapabilityBoundingSet", "NoNewPrivileges", "ProtectSystem", "ProtectHome",
        "PrivateTmp", "PrivateDevices", "PrivateUsers", "ReadOnlyPaths", "InaccessiblePaths", "ExecPaths", "NoExecPaths", "BindPaths", "BindReadOnlyPaths", "TemporaryFileSystem", "RootDirectory",
    ];

    private readonly string[] _through;

    private ServiceUser(string[] through) => _through = through;

    /// <param name="named">By name or number; null: the user of the unit that serves this configuration, else whoever owns the site's data folder or what is in it.</param>
    /// <returns>Null when that is this process's own user, or nobody knows.</returns>
    /// <exception cref="VerbException">There is no such user, or only root may become another one.</exception>
    public static async Task<ServiceUser?> OfAsync(string? named, string data, string configuration, CancellationToken cancellationToken)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return named is null || named == Environment.UserName ? null : throw VerbException.Usage("Only root can become another user: leave out --user, or run this as root.");
        }

        var unit = named is null ? await UnitAsync(configuration, cancellationToken) : null;
        if (unit is not null && File.Exists("/run/dbus/system_bus_socket"))
        {
            return new ServiceUser(Through(unit));
        }

        var owner = OwnerOf(data);
        if ((named ?? unit?["User"] ?? owner?.User.ToString(CultureInfo.InvariantCulture)) is not { } user || user is "0" or "root")
        {
            return null;
        }

        // The groups are those of the user, as the unit's would be; one who is in no list of users has none.
        if (await SaidByAsync(["id", "-g", user], cancellationToken) is { } group)
        {
            return new ServiceUser(["setpriv", $"--reuid={user}", $"--regid={group}", "--init-groups", "--"]);
        }

        return named is null && unit is null
            ? new ServiceUser(["setpriv", $"--reuid={user}", string.Create(CultureInfo.InvariantCulture, $"--regid={owner!.Group}"), "--clear-groups", "--"])
            : throw VerbException.Usage($"There is no user '{user}' on this machine.");
    }

    /// <summary>Runs it with these arguments, with this process's input and output, and gives its exit code.</summary>
    /// <exception cref="VerbException">It could not be run as that user.</exception>
    public async Task<int> RunAsync(IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var (program, own) = DemoSiteProcess.Self();
        string[] all = [.. _through, program, .. own, .. arguments];
        try
        {
            // Not in a folder that the other one may not enter.
            using var process = Process.Start(new ProcessStartInfo(all[0], all[1..]) { UseShellExecute = false, WorkingDirectory = "/" })!;
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new VerbException(ExitCode.Unexpected, "unexpected", $"This cannot be run as the site's user: {all[0]} cannot be started ({e.Message}). Run it as that user yourself.");
        }
    }

    /// <summary>Whoever has most of it in hand: a folder that root made by mistake does not make the site root's.</summary>
    private static LocalUser? OwnerOf(string data)
    {
        string[] own = [data, Path.Combine(data, "keys"), Path.Combine(data, "keys", "site-sign.pem"), Path.Combine(data, "isocatalog.db")];
        var owners = own.Select(LocalUser.OwnerOf).OfType<LocalUser>().ToList();
        return owners.Find(o => o.User != 0) ?? owners.FirstOrDefault();
    }

    /// <summary>What the unit says that serves this configuration; null when systemd does not run here, or has no such unit.</summary>
    private static async Task<Dictionary<string, string>?> UnitAsync(string configuration, CancellationToken cancellationToken)
    {
        if (!Directory.Exists("/run/systemd/system")
            || await SaidByAsync(["systemctl", "show", Unit, "--property=" + string.Join(',', [.. Walls, "ReadWritePaths", "StateDirectory", "ExecStart"])], cancellationToken) is not { } shown)
        {
            return null;
        }

        var says = shown.Split('\n').Select(l => l.Split('=', 2)).Where(l => l is [_, { Length: > 0 }]).DistinctBy(l => l[0], StringComparer.Ordinal).ToDictionary(l => l[0], l => l[1], StringComparer.Ordinal);
        return says.GetValueOrDefault("ExecStart", "").Contains($"--config {configuration} ", StringComparison.Ordinal) && says.ContainsKey("User") ? says : null;
    }

    private static string[] Through(Dictionary<string, string> unit) =>
    [
        "systemd-run", "--quiet", "--wait", "--pipe", "--collect", "--service-type=exec",
        .. Walls.Where(unit.ContainsKey).Select(w => $"--property={w}={unit[w]}"),
        "--property=ReadWritePaths=" + string.Join(' ', [unit.GetValueOrDefault("ReadWritePaths", ""), .. unit.GetValueOrDefault("StateDirectory", "").Split(' ').Where(f => f.Length > 0).Select(f => "-/var/lib/" + f)]),
        .. DotnetRoot is { } root ? [$"--setenv=DOTNET_ROOT={root}"] : Array.Empty<string>(),
        "--",
    ];

    /// <summary>Where the runtime lies that runs this; what systemd starts does not inherit the variable.</summary>
    private static string? DotnetRoot => Path.GetDirectoryName(typeof(object).Assembly.Location) is { Length: > 0 } folder ? Path.GetFullPath(Path.Combine(folder, "..", "..", "..")) : null;

    /// <summary>What a program of the system says; null when it fails or is not there.</summary>
    private static async Task<string?> SaidByAsync(string[] command, CancellationToken cancellationToken)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
            var (said, errors) = (process.StandardOutput.ReadToEndAsync(cancellationToken), process.StandardError.ReadToEndAsync(cancellationToken));
            await process.WaitForExitAsync(cancellationToken);
            await errors;
            return process.ExitCode == 0 ? (await said).TrimEnd('\n') : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
