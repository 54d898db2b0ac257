using System.Security.Cryptography;
using IsoCatalog.Testing.Standard;
using Xunit;

namespace IsoCatalog.IntegrationTests.Interop;

/// <summary>What standard clients wrote.</summary>
internal static class Downloads
{
    /// <summary>The files that a client made of the images of every size have their hashes.</summary>
    public static async Task SameAsync(string folder, CancellationToken cancellationToken)
    {
        foreach (var image in InteropImages.OfEverySize)
        {
            await SameAsync(image, folder, cancellationToken);
        }
    }

    /// <summary>The file that a client made of the image has its hash.</summary>
    public static async Task SameAsync(SeededImage image, string folder, CancellationToken cancellationToken)
    {
        var bytes = await File.ReadAllBytesAsync(Path.Combine(folder, image.FileName), cancellationToken);
        Assert.Equal(Convert.ToHexString(SHA256.HashData(image.Bytes)), Convert.ToHexString(SHA256.HashData(bytes)));
    }
}
