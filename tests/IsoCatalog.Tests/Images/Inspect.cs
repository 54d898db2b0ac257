using IsoCatalog.Core.Images;
using Xunit;

namespace IsoCatalog.Tests.Images;

internal static class Inspect
{
    public static IsoInspection File(string path)
    {
        using var stream = System.IO.File.OpenRead(path);
        return IsoReader.Read(stream);
    }

    public static IsoInspection Bytes(byte[] image) => IsoReader.Read(new MemoryStream(image, writable: false));

    public static IsoInspection.Recognized Recognized(string path) => Assert.IsType<IsoInspection.Recognized>(File(path));

    public static IsoInspection.Recognized Recognized(byte[] image) => Assert.IsType<IsoInspection.Recognized>(Bytes(image));

    public static IsoRefusal Refused(byte[] image) => Assert.IsType<IsoInspection.Refused>(Bytes(image)).Refusal;
}
