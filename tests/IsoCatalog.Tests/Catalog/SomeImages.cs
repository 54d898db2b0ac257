using System.Security.Cryptography;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Tests.Catalog;

/// <summary>Images that differ by a number.</summary>
internal static class SomeImages
{
    public static ImageId Id(int number) => new(Digest(number));

    public static ImageValue Value(int number, string? fileName = null) => new()
    {
        Size = 2048 * (number + 1),
        Sha256 = Digest(number),
        Root = Digest(number + 1000),
        PieceLength = 16384,
        InfoV1 = default,
        InfoV2 = Digest(number + 2000),
        FileName = fileName ?? $"image-{number}.iso",
        AddedAt = DateTimeOffset.UnixEpoch,
        Iso = new ImageFacts { VolumeId = $"VOLUME_{number}" },
    };

    public static ImageEntry Put(int number, long ms, string site = "ams", string? fileName = null) =>
        new(Id(number), new Stamp(ms, 0, site), "tests", null, false, Value(number, fileName));

    public static ImageEntry Delete(int number, long ms, string site = "ams") =>
        new(Id(number), new Stamp(ms, 0, site), "tests", null, true, Value(number));

    public static MetaEntry Describe(int number, long ms, string title, string site = "ams") =>
        new(Id(number), new Stamp(ms, 0, site), "tests", null, new MetaValue { Titles = new Dictionary<string, string> { ["en"] = title } });

    private static Sha256Digest Digest(int number) => new(SHA256.HashData(BitConverter.GetBytes(number)));
}
