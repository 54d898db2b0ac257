using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IsoCatalog.Appliance.Configuration.Values;
using IsoCatalog.Appliance.Configuration.Yaml;

namespace IsoCatalog.Appliance.Configuration;

/// <summary>
/// Compares a configuration that is sound in itself with this machine: certificates and their keys, and folders that are apart by name
/// but one on the disk. Reads files, changes nothing. Run by <c>check-config</c> and at start, as the user that the appliance runs as.
/// </summary>
public static class HostCheck
{
    // As many as the kernel follows (path_resolution(7)).
    private const int MaxLinks = 40;

    /// <returns>What must be corrected on this machine, in the order of the file; empty when all is well.</returns>
    public static IReadOnlyList<ConfigurationProblem> Run(ConfigurationResult.Loaded loaded, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(loaded);
        var problems = loaded.Places.SameFile();
        var site = loaded.Configuration;
        Certificates(site.Tls, now, problems);
        foreach (var domain in site.Surfaces.OfType<SurfaceConfiguration.OvirtIsoDomain>())
        {
            Engine(domain.Engine, domain.Place + ".engine", problems);
        }

        Folders(site, problems);
        return problems.Errors();
    }

    /// <summary>The same for the certificates alone; without a place in a file.</summary>
    internal static IReadOnlyList<ConfigurationProblem> OfCertificates(TlsConfiguration tls, DateTimeOffset now)
    {
        var problems = new Problems();
        Certificates(tls, now, problems);
        return problems.Errors();
    }

    private static void Certificates(TlsConfiguration tls, DateTimeOffset now, Problems problems)
    {
        if (tls.Api is { } api)
        {
            Certificate(api, "tls.api", now, problems);
        }

        if (tls.Iso is { } iso)
        {
            Certificate(iso, "tls.iso", now, problems);
        }
    }

    private static void Certificate(CertificateConfiguration files, string path, DateTimeOffset now, Problems problems)
    {
        if (!Readable(files.Certificate, path + ".certificate", problems) | !Readable(files.Key, path + ".key", problems))
        {
            return;
        }

        ForOwnerAlone(files.Key, path + ".key", problems);
        try
        {
            using var certificate = X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);
            if (certificate.NotAfter.ToUniversalTime() < now.UtcDateTime)
            {
                problems.Add(path + ".certificate", $"{files.Certificate} expired on"
                    + $" {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}. Put a new certificate there.");
            }
        }
        catch (Exception wrong) when (wrong is CryptographicException or ArgumentException)
        {
            problems.Add(path, $"{files.Certificate} and {files.Key} are not a PEM certificate and its private key (without a"
                + $" password): {Quote.Sentence(wrong.Message)}");
        }
    }

    private static void Engine(EngineConfiguration engine, string path, Problems problems)
    {
        if (Readable(engine.PasswordFile, path + ".passwordFile", problems))
        {
            ForOwnerAlone(engine.PasswordFile, path + ".passwordFile", problems);
            if (new FileInfo(engine.PasswordFile).Length == 0)
            {
                problems.Add(path + ".passwordFile", $"{engine.PasswordFile} is empty. Write the password of {engine.User} into it.");
            }
        }

        if (engine.CaFile is { } authority && Readable(authority, path + ".caFile", problems))
        {
            try
            {
                var authorities = new X509Certificate2Collection();
                authorities.ImportFromPem(File.ReadAllText(authority));
                if (authorities.Count == 0)
                {
                    problems.Add(path + ".caFile", $"{authority} has no PEM certificate in it. Fetch the engine's:"
                        + $" {engine.Url}/services/pki-resource?resource=ca-certificate&format=X509-PEM-CA");
                }
            }
            catch (CryptographicException wrong)
            {
                problems.Add(path + ".caFile", $"{authority} is not a PEM certificate: {Quote.Sentence(wrong.Message)}");
            }
        }
    }

    private static void ForOwnerAlone(string file, string path, Problems problems)
    {
        if (!OperatingSystem.IsWindows()
            && (File.GetUnixFileMode(file) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.GroupWrite)) != UnixFileMode.None)
        {
            problems.Add(path, $"{file} can be read or changed by others than its owner. Run: chmod 0600 {file}");
        }
    }

    private static bool Readable(string file, string path, Problems problems)
    {
        try
        {
            using var opened = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            if (opened.Length <= ConfigurationFile.MaxLength)
            {
                return true;
            }

            problems.Add(path, $"{file} is too long for such a file.");
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            problems.Add(path, $"There is no file {file}.");
        }
        catch (Exception closed) when (closed is UnauthorizedAccessException or IOException)
        {
            problems.Add(path, $"{file} cannot be read by user '{Environment.UserName}': {Quote.Sentence(closed.Message)}");
        }

        return false;
    }

    private static void Folders(SiteConfiguration site, Problems problems)
    {
        var data = Real(site.Data);
        var volumes = site.Surfaces
            .Select(surface => (surface.Place, Path: surface switch
            {
                SurfaceConfiguration.Volume volume => volume.Path,
                SurfaceConfiguration.OvirtIsoDomain domain => domain.Path,
                _ => "",
            }))
            .Where(folder => folder.Path.Length > 0)
            .Select(folder => (folder.Place, folder.Path, Real: Real(folder.Path)))
            .ToList();
        for (var i = 0; i < volumes.Count; i++)
        {
            var (place, path, real) = volumes[i];
            if (Paths.Overlap(real, data))
            {
                problems.Add(place + ".path", $"{path} leads by symbolic links to {real}, and data to {data}: one is inside the other."
                    + " Keep them apart.");
            }

            foreach (var other in volumes.Take(i).Where(other => Paths.Overlap(real, other.Real)))
            {
                problems.Add(place + ".path", $"{path} leads by symbolic links to {real}, and so does {other.Place} ({other.Path})."
                    + " Each surface needs a folder of its own.");
            }
        }
    }

    /// <summary>The path with every symbolic link on the way followed as far as the folders exist.</summary>
    private static string Real(string path, int links = 0)
    {
        var real = "/";
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Combine(real, part);
            try
            {
                if (links < MaxLinks && Directory.ResolveLinkTarget(real, returnFinalTarget: true) is { } target)
                {
                    real = Real(target.FullName, links + 1);
                }
            }
            catch (Exception unknown) when (unknown is IOException or UnauthorizedAccessException)
            {
                // What is not there, or is a circle of links, is taken by its name.
            }
        }

        return real;
    }
}
