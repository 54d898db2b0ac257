using System.Net;

namespace IsoCatalog.Appliance.Configuration;

/// <summary>A place where images are offered.</summary>
public abstract record SurfaceConfiguration
{
    private SurfaceConfiguration(string place, string name, SurfaceGroup group) => (Place, Name, Group) = (place, name, group);

    /// <summary>Where it stands in the file, such as <c>surfaces[0]</c>.</summary>
    public string Place { get; }

    /// <summary>Unique at the site: <c>[a-z0-9][a-z0-9-]{0,30}</c>.</summary>
    public string Name { get; }

    public SurfaceGroup Group { get; }

    /// <summary>The kind's word in the file and in the API.</summary>
    public abstract string Kind { get; }

    /// <summary>Images by URL for BMCs, from the ISO listeners.</summary>
    public sealed record Ipmi(string Place, string Name) : SurfaceConfiguration(Place, Name, SurfaceGroup.Ipmi)
    {
        public override string Kind => SurfaceKinds.Ipmi;

        /// <summary>The address that BMCs use, when it is not the listener's; it is what the URLs name.</summary>
        public IPAddress? Address { get; init; }

        /// <summary>Where BMCs are. Empty: no standing URLs, lease URLs only.</summary>
        public IReadOnlyList<IPNetwork> Allow { get; init; } = [];
    }

    /// <summary>A folder with exactly the ready images.</summary>
    public sealed record Volume(string Place, string Name, SurfaceGroup Group, string Path) : SurfaceConfiguration(Place, Name, Group)
    {
        public override string Kind => SurfaceKinds.Volume;

        /// <summary>The folder as its reader sees it; null when the reader is not told.</summary>
        public string? ClientPath { get; init; }

        /// <summary>Nobody but the appliance can write there, so hard links are safe.</summary>
        public bool ReadOnly { get; init; }

        /// <summary>How often everything is compared with what should be there; 1 s to 1 day.</summary>
        public TimeSpan Check { get; init; } = TimeSpan.FromSeconds(10);

        public OnDelete OnDelete { get; init; }

        public PresentConfiguration Present { get; init; } = new();
    }

    /// <summary>The ISO storage domain of an oVirt data center.</summary>
    public sealed record OvirtIsoDomain(string Place, string Name, string Path, Guid Domain, EngineConfiguration Engine)
        : SurfaceConfiguration(Place, Name, SurfaceGroup.Ovirt)
    {
        public override string Kind => SurfaceKinds.OvirtIsoDomain;

        /// <summary>How often everything is compared with what should be there; 1 s to 1 day.</summary>
        public TimeSpan Check { get; init; } = TimeSpan.FromSeconds(10);
    }

    /// <summary>ISO disks in an oVirt data domain. Read and checked; this version serves none.</summary>
    public sealed record OvirtDisks(string Place, string Name, Guid Domain, EngineConfiguration Engine)
        : SurfaceConfiguration(Place, Name, SurfaceGroup.Ovirt)
    {
        public override string Kind => SurfaceKinds.OvirtDisks;
    }
}

/// <summary>What a panel asks for.</summary>
public enum SurfaceGroup
{
    Ipmi,
    Console,
    Ovirt,
}

/// <summary>What a file's removal by somebody else means.</summary>
public enum OnDelete
{
    /// <summary>Drift: the file comes back.</summary>
    Repair,
}

/// <summary>The kinds as the file and the API spell them.</summary>
public static class SurfaceKinds
{
    public const string Ipmi = "ipmi";
    public const string Volume = "volume";
    public const string OvirtIsoDomain = "ovirt-iso-domain";
    public const string OvirtDisks = "ovirt-disks";

    public static readonly IReadOnlyList<string> All = [Ipmi, Volume, OvirtIsoDomain, OvirtDisks];
}

/// <summary>Names under which readers elsewhere reach a volume's file; <c>{fileName}</c> stands for the image's name.</summary>
public sealed record PresentConfiguration
{
    public string? Smb { get; init; }

    public string? Nfs { get; init; }
}

/// <param name="Url">https, without user or query.</param>
/// <param name="User">Such as <c>svc@internal</c>.</param>
/// <param name="PasswordFile">A file with the password alone.</param>
/// <param name="CaFile">PEM; null for the system's authorities.</param>
public sealed record EngineConfiguration(Uri Url, string User, string PasswordFile, string? CaFile);
