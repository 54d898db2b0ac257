using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Commands;

/// <summary>The trust documents of the site on this machine, which may run or not.</summary>
internal static class LocalFleet
{
    /// <exception cref="VerbException">The configuration is not valid.</exception>
    public static SiteConfiguration Configuration(string path)
    {
        var result = ConfigurationFile.Load(path);
        return result is ConfigurationResult.Loaded { Configuration: var configuration }
            ? configuration
            : throw new VerbException(
                ExitCode.ConfigurationInvalid, "configuration-invalid", ((ConfigurationResult.Invalid)result).Problems[0].Describe(result.FileName));
    }

    public static SiteFolders Folders(SiteConfiguration configuration) => new(configuration.Data, configuration.Inbox.Path);

    /// <exception cref="VerbException">There is none, or it is damaged.</exception>
    public static TrustStore Trust(SiteConfiguration configuration)
    {
        try
        {
            return TrustStore.Load(Folders(configuration));
        }
        catch (SiteStartException e)
        {
            throw new VerbException(ExitCode.ConfigurationInvalid, e.Code, e.Message);
        }
    }

    /// <summary>Has the site take a trust document: the running one through its socket, else its folder.</summary>
    /// <exception cref="VerbException">It is not a next version that the rules allow.</exception>
    public static async Task InstallAsync(SiteConfiguration configuration, byte[] envelope, TimeProvider time, CancellationToken cancellationToken)
    {
        var folders = Folders(configuration);
        using (var folder = FolderLock.TryTake(folders.LockFile))
        {
            if (folder is not null)
            {
                if (Trust(configuration).Admit(envelope).Violation is { } violation)
                {
                    throw new VerbException(ExitCode.Refused, RefusalCode.TrustRefused, violation.ToString(), 422);
                }

                return;
            }
        }

        using var site = ApplianceClient.OverSocket(configuration.Socket, new ApplianceClientOptions { Time = time });
        await site.AddTrustAsync(envelope, cancellationToken);
    }

    /// <exception cref="VerbException">It cannot be read, or is longer than any such file.</exception>
    public static byte[] Read(string path, int most)
    {
        try
        {
            return new FileInfo(path).Length <= most
                ? File.ReadAllBytes(path)
                : throw new VerbException(ExitCode.Refused, "invalid-request", $"{path} has more than {most:N0} bytes; no such file is that long.");
        }
        catch (FileNotFoundException)
        {
            throw new VerbException(ExitCode.NotFound, RefusalCode.SourceMissing, $"There is no file {path}.", 404);
        }
    }
}
