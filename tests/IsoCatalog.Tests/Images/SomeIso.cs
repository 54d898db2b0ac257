using IsoCatalog.Core.Images;

namespace IsoCatalog.Tests.Images;

/// <summary>What a volume descriptor says, without an image.</summary>
internal static class SomeIso
{
    public static IsoMetadata With(string volume, string system = "", string publisher = "", string application = "", long size = 1 << 20) => new()
    {
        VolumeId = volume,
        SystemId = system,
        PublisherId = publisher,
        PreparerId = "",
        ApplicationId = application,
        CreatedAt = null,
        DeclaredSize = size,
        Iso9660 = true,
        Joliet = false,
        RockRidge = false,
        Udf = false,
        Boot = default,
        Arch = [],
        Hybrid = false,
        ElTorito = [],
    };
}
