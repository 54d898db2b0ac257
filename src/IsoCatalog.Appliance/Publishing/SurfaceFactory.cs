using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Documents;
using IsoCatalog.Surfaces;
using IsoCatalog.Surfaces.ConsoleVolume;
using IsoCatalog.Surfaces.Ipmi;
using IsoCatalog.Surfaces.Ovirt;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>Makes the surfaces that the configuration names.</summary>
/// <param name="facts">What was remembered at earlier starts.</param>
/// <param name="remember">Keeps a fact for the next start.</param>
internal sealed class SurfaceFactory(
    IReadOnlyDictionary<string, string> facts,
    Action<string, string> remember,
    SiteKeys keys,
    IsoListener? listener,
    EngineTiming engines,
    TimeProvider time,
    ILoggerFactory loggers)
{
    public ISurface Make(SurfaceConfiguration configuration) => configuration switch
    {
        SurfaceConfiguration.Ipmi ipmi => new IpmiSurface(
            new IpmiSurfaceOptions
            {
                Name = ipmi.Name,
                Group = GroupOf(ipmi),
                UrlSecret = keys.UrlSecret,
                Address = ipmi.Address,
                Allow = ipmi.Allow,
            },
            listener ?? throw new InvalidOperationException("An ipmi surface needs the ISO listener."),
            time,
            loggers.CreateLogger<IpmiSurface>()),
        SurfaceConfiguration.Volume volume => new ConsoleVolumeSurface(
            new ConsoleVolumeOptions(
                volume.Name,
                GroupOf(volume),
                volume.Path,
                volume.ClientPath,
                volume.ReadOnly,
                volume.Check,
                volume.Present.Smb,
                volume.Present.Nfs),
            facts.GetValueOrDefault(MarkerFact(volume)),
            (marker, _) =>
            {
                remember(MarkerFact(volume), marker);
                return Task.CompletedTask;
            },
            loggers.CreateLogger<ConsoleVolumeSurface>()),
        SurfaceConfiguration.OvirtIsoDomain domain => new OvirtIsoDomainSurface(
            new OvirtIsoDomainOptions(
                domain.Name,
                domain.Path,
                domain.Domain,
                new EngineOptions(domain.Engine.Url, domain.Engine.User, domain.Engine.PasswordFile, domain.Engine.CaFile))
            {
                Group = GroupOf(domain),
                Timing = engines,
            },
            time,
            loggers.CreateLogger<OvirtIsoDomainSurface>()),
        _ => throw new InvalidOperationException($"A surface of kind {configuration.Kind} cannot be made; the configuration should have refused it."),
    };

    public static TimeSpan CheckOf(SurfaceConfiguration? configuration) =>
        configuration switch
        {
            SurfaceConfiguration.Volume volume => volume.Check,
            SurfaceConfiguration.OvirtIsoDomain domain => domain.Check,
            _ => TimeSpan.FromSeconds(30),
        };

    private static string GroupOf(SurfaceConfiguration configuration) => configuration.Group.ToString().ToLowerInvariant();

    private static string MarkerFact(SurfaceConfiguration configuration) => "volume:" + configuration.Name;
}
