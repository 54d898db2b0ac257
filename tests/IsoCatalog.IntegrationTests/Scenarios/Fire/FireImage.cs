using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Testing;

namespace IsoCatalog.IntegrationTests.Scenarios.Fire;

/// <summary>An image as the test made it, and what it asked the fleet to do with it.</summary>
internal sealed class FireImage
{
    private volatile Gone? _gone;

    public FireImage(int number, int size)
    {
        Name = $"image-{number}.iso";
        Bytes = IsoBuilder.InMemory("FIRE", size, number);
        Id = new ImageId(new Sha256Digest(System.Security.Cryptography.SHA256.HashData(Bytes)));
    }

    public string Name { get; }

    public byte[] Bytes { get; }

    public ImageId Id { get; }

    /// <summary>What was asked last; null while the answer to it is out or was cut off.</summary>
    public bool? IsLive { get; set; }

    public bool IsBlocked { get; set; }

    /// <summary>Its removal or recall was acknowledged there, and nothing that could bring it back was asked since.</summary>
    public Gone? Removed
    {
        get => _gone;
        set => _gone = value;
    }

    internal sealed record Gone(string Site, DateTimeOffset At);
}
