using System.Security.Cryptography;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Core.Trust;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Documents;

/// <summary>A root key: what signs the trust document. It belongs on no site's machine for longer than it takes to carry it away.</summary>
internal static class RootKeyFile
{
    /// <summary>Beside the configuration, unless the operator says otherwise.</summary>
    public const string Name = "root-key.pem";

    private const string Pattern = "root*.pem";
    private const int MaxBytes = 16 << 10;
    private const int MaxFiles = 100;

    /// <exception cref="IOException">There is such a file already, or it cannot be written.</exception>
    public static VerifyingKey Generate(string path)
    {
        if (File.Exists(path))
        {
            throw new IOException($"{path} is there already; a root key is never replaced. Name another path with --root-key.");
        }

        using var key = SigningKey.Generate();
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        DurableFile.WriteAtomically(path, System.Text.Encoding.ASCII.GetBytes(key.ExportPem()), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return key.Public;
    }

    /// <exception cref="SiteStartException">It cannot be read or is no key.</exception>
    public static SigningKey Load(string path)
    {
        try
        {
            return SigningKey.FromPem(File.ReadAllText(path));
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new SiteStartException("root-key-unusable", $"{path} cannot be used as a root key: {e.Message}", e);
        }
    }

    /// <summary>The first file of the name of a root key, in any of these folders, that holds a private key and can be read; null when there is none.</summary>
    public static string? FindReadable(IEnumerable<string> folders) => folders.Where(f => f.Length > 0).Distinct(StringComparer.Ordinal).SelectMany(Candidates).FirstOrDefault(IsKey);

    private static IEnumerable<string> Candidates(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFiles(folder, Pattern).Take(MaxFiles).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static bool IsKey(string path)
    {
        try
        {
            return new FileInfo(path).Length <= MaxBytes && File.ReadAllText(path).Contains("PRIVATE KEY-----", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
