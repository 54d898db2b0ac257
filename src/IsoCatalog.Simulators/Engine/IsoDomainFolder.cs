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

    /// <summary>Makes what is missing of a domain, with the metadata that VDSM writes. An existing one keeps its files.</summary>
    /// <returns>The directory that is listed.</returns>
    public static string Create(string export, Guid domain, string name = "iso", string? remotePath = null)
    {
        var files = Directory.CreateDirectory(FilesOf(export, domain)).FullName;
        var metadata = Directory.CreateDirectory(Path.Combine(export, domain.ToString("D"), "dom_md")).FullName;
        foreach (var special in (string[])["ids", "inbox", "leases", "outbox"])
        {
            File.Open(Path.Combine(metadata, special), FileMode.OpenOrCreate).Dispose();
        }

        var path = Path.Combine(metadata, "metadata");
        if (!File.Exists(path))
        {
            File.WriteAllText(path, Metadata(domain, name, remotePath ?? "localhost:" + Path.GetFullPath(export)));
        }

        return files;
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
