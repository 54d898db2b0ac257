namespace IsoCatalog.Core.Catalog;

/// <summary>Operating systems go by several names: in descriptions that people write, in osinfo-db, and in what a panel asks for.</summary>
public static class OsName
{
    public const string Windows = "windows";

    /// <summary>Is the family or the distribution the one that is asked for, whichever of its names either uses? Without case.</summary>
    public static bool IsMeant(ImageOs os, string asked)
    {
        ArgumentNullException.ThrowIfNull(os);
        ArgumentNullException.ThrowIfNull(asked);
        var name = Usual(asked);
        return Usual(os.Family ?? "") == name || Usual(os.Distro ?? "") == name;
    }

    /// <summary>The name that this product signs, in lower case.</summary>
    public static string Usual(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.ToLowerInvariant() switch
        {
            "win" or "winnt" or "win9x" or "win16" => Windows,
            "alma" => "almalinux",
            "alpine" => "alpinelinux",
            "arch" => "archlinux",
            "oraclelinux" => "ol",
            "rockylinux" => "rocky",
            var usual => usual,
        };
    }
}
