using System.Security.Cryptography;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;
using IsoCatalog.Testing;

namespace IsoCatalog.IntegrationTests.Fleet;

/// <summary>A stopped site whose keys the test has: it signs what that site never would, and the site hands it on when it runs again.</summary>
internal sealed class SiteInHand
{
    private readonly TestSite _site;
    private FleetCatalog _catalog;
    private SiteWriter _writer;

    public SiteInHand(TestSite site)
    {
        _site = site;
        _catalog = Read(site);
        _writer = SiteWriter.Start(_catalog, site.Id, RandomId.New(), storedEpoch: 1000, _catalog.Clock);
    }

    public bool Knows(ImageId image) => _catalog.View.Images.ContainsKey(image);

    /// <summary>What another site put into the catalog, to be said otherwise.</summary>
    public ImageValue ValueOf(ImageId image) => _catalog.View.Images[image].Value;

    public static FleetCatalog Read(TestSite site)
    {
        var folder = Path.Combine(site.Data, "catalog");
        var trust = Directory.GetFiles(Path.Combine(folder, "trust"), "*.json").OrderBy(f => int.Parse(Path.GetFileNameWithoutExtension(f)))
            .Select(f => new ReadOnlyMemory<byte>(File.ReadAllBytes(f))).ToList();
        var chunks = Directory.GetFiles(Path.Combine(folder, "chunks"), "*.json").Select(File.ReadAllBytes)
            .ToDictionary(b => new Sha256Digest(SHA256.HashData(b)), b => new ReadOnlyMemory<byte>(b));
        var catalog = new FleetCatalog { Trust = ((TrustOutcome.Accepted)TrustChain.Follow(trust, pinned: null)).Chain, Self = site.Id };
        return Directory.GetFiles(Path.Combine(folder, "documents"), "*.json", SearchOption.AllDirectories)
            .Aggregate(catalog, (known, file) => known.Admit(File.ReadAllBytes(file), chunks, TimeProvider.System.GetUtcNow()).Catalog);
    }

    /// <summary>Signs that images are these bytes.</summary>
    public void Sign(params ImageValue[] values) => Sign(false, values);

    /// <summary>Signs that images that are these bytes were removed, whether anybody ever put them or not.</summary>
    public void SignRemoval(params ImageValue[] values) => Sign(true, values);

    private void Sign(bool deleted, ImageValue[] values)
    {
        using var key = Key();
        var (now, stamp) = (TimeProvider.System.GetUtcNow(), _writer.NextStamp(_catalog, ClockReading.Of(TimeProvider.System.GetUtcNow())));
        var entries = values.Select(v => new ImageEntry(new ImageId(v.Sha256), stamp, "a liar", null, deleted, v)).ToList();
        var written = (WriteOutcome.Written)_writer.Write(_catalog, entries, key, ClockReading.Of(now));
        _writer = written.Writer;
        _catalog = _catalog.Admit(written.Document.Envelope, written.Document.ChunkBytes, now).Catalog;
        Store(written.Document.Ref.Sha256, written.Document.Envelope, written.Document.ChunkBytes);
    }

    /// <summary>Signs that images are these bytes, as a program does that knows only the trust document of before and says that it signs under that one.</summary>
    public void SignUnder(TrustRef trust, params ImageValue[] values)
    {
        using var key = Key();
        var clock = ClockReading.Of(TimeProvider.System.GetUtcNow());
        var stamp = _writer.NextStamp(_catalog, clock);
        var written = (WriteOutcome.Written)_writer.Write(
            _catalog, [.. values.Select(v => new ImageEntry(new ImageId(v.Sha256), stamp, "an old program", null, false, v))], key, clock);
        var payload = (written.Document.Manifest with { Trust = trust }).ToPayload();
        Store(new Sha256Digest(SHA256.HashData(payload)), key.Sign(SiteManifest.PayloadType, payload).ToJson(), written.Document.ChunkBytes);
    }

    /// <summary>Images that nobody has the bytes of.</summary>
    public static ImageValue[] Unseen(int count) =>
    [
        .. Enumerable.Range(0, count).Select(i => new ImageValue
        {
            Size = 1_000_000 + i,
            Sha256 = new Sha256Digest(SHA256.HashData(BitConverter.GetBytes(i))),
            Root = new Sha256Digest(SHA256.HashData(BitConverter.GetBytes(~i))),
            PieceLength = 16384,
            InfoV1 = default,
            InfoV2 = new Sha256Digest(SHA256.HashData(BitConverter.GetBytes(i ^ 0x5555))),
            FileName = $"unseen-{i:d5}.iso",
            AddedAt = DateTimeOffset.UnixEpoch,
            Iso = new ImageFacts { VolumeId = $"UNSEEN_{i}" },
        }),
    ];

    /// <summary>Signs its newest document again with a <c>critical</c> member that no version knows, and another chunk.</summary>
    public Sha256Digest SignForLaterVersion(ImageValue value)
    {
        using var key = Key();
        var now = TimeProvider.System.GetUtcNow();
        var entry = new ImageEntry(new ImageId(value.Sha256), _writer.NextStamp(_catalog, ClockReading.Of(now)), "a later version", null, false, value);
        var written = (WriteOutcome.Written)_writer.Write(_catalog, [entry], key, ClockReading.Of(now));
        var payload = (written.Document.Manifest with { Critical = ["of-a-later-version"] }).ToPayload();
        var hash = new Sha256Digest(SHA256.HashData(payload));
        Store(hash, key.Sign(SiteManifest.PayloadType, payload).ToJson(), written.Document.ChunkBytes);
        return hash;
    }

    /// <summary>Signs a document that breaks rule M-01; it is not stored anywhere.</summary>
    public (Sha256Digest Hash, byte[] Envelope) SignBroken()
    {
        using var key = Key();
        var now = TimeProvider.System.GetUtcNow();
        var payload = (((WriteOutcome.Written)_writer.Write(_catalog, [], key, ClockReading.Of(now))).Document.Manifest with { Type = "no site" }).ToPayload();
        return (new Sha256Digest(SHA256.HashData(payload)), key.Sign(SiteManifest.PayloadType, payload).ToJson());
    }

    /// <summary>What it would say next, signed by a key that no trust document knows.</summary>
    public (Sha256Digest Hash, byte[] Envelope) SignByStranger()
    {
        using var key = Key();
        using var stranger = SigningKey.Generate();
        var now = TimeProvider.System.GetUtcNow();
        var payload = ((WriteOutcome.Written)_writer.Write(_catalog, [], key, ClockReading.Of(now))).Document.Manifest.ToPayload();
        return (new Sha256Digest(SHA256.HashData(payload)), stranger.Sign(SiteManifest.PayloadType, payload).ToJson());
    }

    /// <summary>Signs that it vouches for one replica.</summary>
    public byte[] SignMembers(long seq)
    {
        using var key = Key();
        var members = new Members
        {
            Fleet = _catalog.Trust.Fleet,
            Site = _site.Id,
            Epoch = _writer.Epoch,
            Seq = seq,
            Issued = TimeProvider.System.GetUtcNow(),
            All = [new Member("replica", new Sha256Digest(SHA256.HashData("replica"u8)), TimeProvider.System.GetUtcNow().AddDays(1))],
        };
        var envelope = key.Sign(Members.PayloadType, members.ToPayload()).ToJson();
        File.WriteAllBytes(Path.Combine(_site.Data, "catalog", "members", _site.Id + ".json"), envelope);
        return envelope;
    }

    private SigningKey Key() => SigningKey.FromPem(File.ReadAllText(Path.Combine(_site.Data, "keys", "site-sign.pem")));

    private void Store(Sha256Digest document, byte[] envelope, IReadOnlyDictionary<Sha256Digest, ReadOnlyMemory<byte>> chunks)
    {
        var folder = Path.Combine(_site.Data, "catalog");
        foreach (var (hash, bytes) in chunks)
        {
            File.WriteAllBytes(Path.Combine(folder, "chunks", hash + ".json"), bytes.Span);
        }

        Directory.CreateDirectory(Path.Combine(folder, "documents", _site.Id));
        File.WriteAllBytes(Path.Combine(folder, "documents", _site.Id, document + ".json"), envelope);
    }
}
