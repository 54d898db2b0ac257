using System.Globalization;
using IsoCatalog.Core.Images;
using Xunit;

namespace IsoCatalog.Tests.Images;

/// <summary>What must hold for every input, whatever its bytes are.</summary>
internal static class HostileImage
{
    // The reader's own buffers and texts, with room; nothing that an image declares may add to it.
    private const long MaxAllocated = 384 << 10;

    private const long MayRead = IsoReader.MaxBytesRead + IsoReader.MaxDirectoryBytesRead;

    private static readonly string[] Codes = [IsoRefusal.Empty, IsoRefusal.NotAnIso, IsoRefusal.Truncated, IsoRefusal.Corrupt];

    public static IsoInspection Check(byte[] image) => Check(image, image.Length);

    /// <summary>Reads the bytes as a file of the given length and asserts the bounds and the shape of the answer.</summary>
    public static IsoInspection Check(byte[] image, long length, long mayRead = MayRead)
    {
        var stream = new MeasuredStream(image, length);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var result = IsoReader.Read(stream);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.InRange(allocated, 0, MaxAllocated);
        Assert.InRange(stream.BytesRead, 0, mayRead);
        switch (result)
        {
            case IsoInspection.Refused(var refusal) refused:
                Assert.Contains(refusal.Code, Codes);
                Assert.EndsWith(".", refusal.Message, StringComparison.Ordinal);
                Assert.InRange(refusal.Message.Length, 20, 400);
                Assert.Equal(refusal.Code is IsoRefusal.Truncated or IsoRefusal.Corrupt, refused.Vouched is not null);
                if (refused.Vouched is { } vouched)
                {
                    Assert.InRange(vouched.Faults, 1, vouched.Warnings.Count);
                    Assert.StartsWith(vouched.Warnings[0], refusal.Message, StringComparison.Ordinal);
                    Check(vouched);
                }

                break;
            case IsoInspection.Recognized recognized:
                Assert.Equal(0, recognized.Faults);
                Assert.True(recognized.Metadata.Iso9660 || recognized.Metadata.Udf);
                Check(recognized);
                break;
            default:
                Assert.Fail("There is no third result.");
                break;
        }

        return result;
    }

    private static void Check(IsoInspection.Recognized recognized)
    {
        var (found, warnings) = recognized;
        Assert.InRange(found.DeclaredSize, 0, long.MaxValue);
        Assert.InRange(warnings.Count, 0, IsoReader.MaxWarnings);
        Assert.InRange(warnings.Sum(warning => warning.Length), 0, IsoReader.MaxWarningCharacters + 100);
        Assert.InRange(found.ElTorito.Count, 0, IsoReader.MaxBootEntries);
        Assert.All(found.ElTorito, entry => Assert.InRange(entry.ImageSize, 0, long.MaxValue));
        foreach (var text in (string[])[found.VolumeId, found.SystemId, found.PublisherId, found.PreparerId, found.ApplicationId])
        {
            Assert.InRange(text.Length, 0, 128);
            Assert.DoesNotContain(text, static character => char.GetUnicodeCategory(character)
                is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
        }
    }
}
