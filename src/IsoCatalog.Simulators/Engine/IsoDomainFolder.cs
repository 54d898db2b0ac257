using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace IsoCatalog.Simulators.Engine;

/// <summary>An ISO storage domain on disk, as VDSM lays it out.</summary>
public static class IsoDomainFolder
{
    /// <summary>The one image group in which the files of every ISO domain lie.</summary>
    public const string ImageGroup = "11111111-1111-1111-1111-111111111111";

    /// <summary>The directory that is listed.</summary>
    public static string FilesOf(string export, Guid domain) => Path.Combine(export, domain.ToString("D"), "images", ImageGroup);

    /// <summary>Makes what is missing of a domain, with the metadata that VDSM writes, and gives it to vdsm (36:36) where this process may give files away. An
    /// existing one keeps its files, and what is there already its owner and mode.</summary>
    /// <returns>The directory that is listed.</returns>
    public static string Create(string export, Guid domain, string name = "iso", string? remotePath = null)
    {
        var root = Path.GetFullPath(export);
        var metadata = Path.Combine(root, domain.ToString("D"), "dom_md");
        foreach (var folder in WayTo(root, domain).Append(metadata).Where(folder => !Directory.Exists(folder)))
        {
            Directory.CreateDirectory(folder);
            Give(folder, folder == metadata ? "0775" : "0755");
        }

        foreach (var special in (string[])["ids", "inbox", "leases", "outbox"])
        {
            Make(Path.Combine(metadata, special), "", "0660");
        }

        Make(Path.Combine(metadata, "metadata"), Metadata(domain, name, remotePath ?? "localhost:" + root), "0644");
        return FilesOf(root, domain);
    }

    /// <summary>What VDSM does not put up with, as commands that mend it: it must be able to do everything in the export (fileSD.validateDirAccess), which it
    /// checks when it connects, and to write what it made in it.</summary>
    public static IEnumerable<string> Mends(string export, Guid domain)
    {
        var root = Path.GetFullPath(export);
        var foreign = WayTo(root, domain).Append(Path.Combine(root, domain.ToString("D"), "dom_md")).Where(folder => !HostListing.MayDoAll(folder)).ToList();
        return foreign.Count == 0 ? []
            : foreign[0] == root ? [$"chown 36:36 {root} && chmod 0755 {root}", $"chown -R 36:36 {Path.Combine(root, domain.ToString("D"))}"]
            : [$"chown -R 36:36 {Path.Combine(root, domain.ToString("D"))}"];
    }

    private static IEnumerable<string> WayTo(string root, Guid domain)
    {
        yield return root;
        yield return Path.Combine(root, domain.ToString("D"));
        yield return Path.Combine(root, domain.ToString("D"), "images");
        yield return FilesOf(root, domain);
    }

    private static void Make(string path, string text, string mode)
    {
        if (!File.Exists(path))
        {
            File.WriteAllText(path, text);
            Give(path, mode);
        }
    }

    /// <summary>Without the right to it, it stays this user's; <see cref="Mends"/> says so.</summary>
    private static void Give(string path, string mode)
    {
        File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32(mode, 8));
        _ = Libc.ChangeOwner(path, HostListing.Vdsm, HostListing.Kvm);
    }

    /// <summary>KEY=VALUE, sorted, and the SHA-1 of these lines without their ends (vdsm, storage/persistent.py).</summary>
    [SuppressMessage("Security", "CA5350:Do Not Use Weak Cryptographic Algorithms", Justification = "The format's own checksum.")]
    private static string Metadata(Guid domain, string name, string remotePath)
    {
        string[] lines =
        [
            "CLASS=Iso", $"DESCRIPTION={name}", "IOOPTIMEOUTSEC=10", "LEASERETRIES=3", "LEASETIMESEC=60", "LOCKPOLICY=", "LOCKRENEWALINTERVALSEC=5",
            "POOL_UUID=", $"REMOTE_PATH={remotePath}", "ROLE=Regular", $"SDUUID={domain:D}", "TYPE=NFS", "VERSION=0",
        ];
        var checksum = Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(string.Concat(lines))));
        return string.Join('\n', [.. lines, $"_SHA_CKSUM={checksum}", ""]);
    }
}
