namespace IsoCatalog.Appliance.Commands;

/// <summary>Where an installed appliance looks if it is not told.</summary>
internal static class DefaultPaths
{
    public const string Configuration = "/etc/isocatalog/site.yaml";

    public const string Data = "/var/lib/isocatalog";

    public const string Socket = Data + "/run/isocatalog.sock";
}
