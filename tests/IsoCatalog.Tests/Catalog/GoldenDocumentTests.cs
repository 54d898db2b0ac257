using System.Text;
using System.Text.Json;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;
using IsoCatalog.Tests.Configuration;
using IsoCatalog.Tests.Trust;
using Xunit;

namespace IsoCatalog.Tests.Catalog;

/// <summary>
/// One document of each type as version 0.1 wrote it, with test keys, so that they stay readable. They are not written anew when the code changes; the explicit test
/// makes a first set where a file is missing.
/// </summary>
public sealed class GoldenDocumentTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 7, 0, 0, TimeSpan.Zero);

    private static string Folder => Path.Combine(Repository.Root, "tests", "IsoCatalog.Tests", "Catalog", "Golden");

    [Fact]
    public void The_trust_document_and_the_join_papers_are_still_read()
    {
        var chain = Chain();

        Assert.Equal(1, chain.Current.Version);
        Assert.Equal(SigningKey.FromPem(Text("sign.key")).Public.KeyId, Assert.Single(chain.Speakers.SignersOf("ams")).KeyId);
        Assert.Equal("ams", chain.Speakers.SiteOfTls(SigningKey.FromPem(Text("tls.key")).Public.KeyId));
        Assert.True(JoinRequest.TryRead(Bytes("join-request.json"), out var request, out var fingerprint, out var why), why?.ToString());
        Assert.Equal(("msk", Text("fingerprint.txt").Trim()), (request.Site, fingerprint));
        Assert.True(JoinFile.TryRead(Bytes("join.json"), out _, out var joined, out why), why?.ToString());
        Assert.Equal(chain.Newest.Sha256, joined.Newest.Sha256);
    }

    [Fact]
    public void The_site_document_still_gives_the_same_catalog()
    {
        var chunks = Directory.GetFiles(Path.Combine(Folder, "chunks")).ToDictionary(Hash, f => new ReadOnlyMemory<byte>(File.ReadAllBytes(f)));
        var admitted = Assert.IsType<Admission.Admitted>(new FleetCatalog { Trust = Chain() }.Admit(Bytes("site.json"), chunks, Now));

        Assert.Equal(Text("view.txt"), Render.View(admitted.Catalog.View));

        static Sha256Digest Hash(string path) => Sha256Digest.TryParse(Path.GetFileNameWithoutExtension(path), out var hash) ? hash : throw new InvalidDataException(path);
    }

    [Fact]
    public void Holdings_and_members_are_still_read()
    {
        Assert.True(Holdings.TryOpen(Bytes("holdings.json"), Chain(), out var holdings, out var why), why?.ToString());
        Assert.True(holdings.Images[0].Cells["bmc"].IsAdvertised);
        Assert.True(Members.TryOpen(Bytes("members.json"), Chain(), out var members, out why), why?.ToString());
        Assert.Equal("console-1", Assert.Single(members.All).Id);
    }

    [Fact]
    public void What_was_signed_is_what_the_document_says_it_is()
    {
        foreach (var file in new[] { "trust.json", "site.json", "holdings.json", "members.json", "join-request.json" })
        {
            Assert.True(Envelope.TryParse(Bytes(file), 1 << 20, out var envelope, out var error), error);
            Assert.Null(StrictJson.Check(envelope.Payload));
            Assert.Equal($"application/vnd.isocatalog.{file[..^5]}.v1+json", envelope.PayloadType);
            using var json = JsonDocument.Parse(envelope.Payload);
            Assert.Equal(file[..^5], json.RootElement.GetProperty("type").GetString());
        }
    }

    [Fact(Explicit = true)]
    public void Make_the_documents_that_are_missing()
    {
        Assert.False(File.Exists(Path.Combine(Folder, "trust.json")), "The golden documents are there; they are not to be written anew.");
        using var founding = Founding.Create("ams", SomeFleet.Address, Now, Founding.DefaultLifetime);
        Directory.CreateDirectory(Path.Combine(Folder, "chunks"));
        foreach (var (name, key) in new[] { ("root.key", founding.Root), ("sign.key", founding.Sign), ("tls.key", founding.Tls) })
        {
            Save(name, Encoding.ASCII.GetBytes(key.ExportPem()));
        }

        Save("trust.json", founding.Trust.Envelope.ToJson());
        using var newcomer = SigningKey.Generate();
        using var newcomerTls = SigningKey.Generate();
        var request = JoinRequest.Of("msk", newcomer.Public, newcomerTls.Public, SomeFleet.Address, Now, "Moscow").SignedBy(newcomer);
        Save("join-request.json", request.ToJson());
        Save("fingerprint.txt", Encoding.ASCII.GetBytes(JoinRequest.FingerprintOf(request) + "\n"));
        Save("join.json", JoinFile.Of(founding.Chain, [new JoinPeer("ams", SomeFleet.Address.Fleet, SomeFleet.Address.Swarm)]).ToJson());

        var catalog = new FleetCatalog { Trust = founding.Chain, Self = "ams" };
        var writer = SiteWriter.Start(catalog, "ams", RandomId.New(), 0, default);
        var stamp = writer.NextStamp(catalog, ClockReading.Of(Now));
        Entry[] entries =
        [
            SomeImages.Put(1, 0), SomeImages.Describe(1, 0, "Debian \u2116 12"), SomeImages.Delete(2, 0), SomeImages.Put(3, 0),
            new BlockEntry(SomeImages.Id(3), stamp, "admin", "CVE-2026-1", false), new AliasEntry("debian-12", SomeImages.Id(1), stamp, "admin", null, false),
        ];
        var written = (WriteOutcome.Written)writer.Write(catalog, [.. entries.Select(e => e with { Stamp = stamp })], founding.Sign, ClockReading.Of(Now));
        Save("site.json", written.Document.Envelope);
        foreach (var chunk in written.Document.NewChunks)
        {
            Save(Path.Combine("chunks", chunk.Sha256 + ".json"), chunk.Bytes.ToArray());
        }

        Save("view.txt", Encoding.UTF8.GetBytes(Render.View(catalog.Admit(written.Document.Envelope, written.Document.ChunkBytes, Now).Catalog.View)));
        var holdings = new Holdings
        {
            Fleet = founding.Chain.Fleet, Site = "ams", Epoch = 1, Seq = 1, BootId = writer.BootId, Issued = Now, Trust = founding.Trust.Ref,
            Catalog = new Dictionary<string, DocumentRef> { ["ams"] = written.Document.Ref }, Store = new HeldStore(1L << 40, 1L << 41),
            Surfaces = [new HeldSurface("bmc", "ipmi", "ipmi")],
            Images = [new HeldImage(SomeImages.Id(1), true, true, new Dictionary<string, HeldCell> { ["bmc"] = new(HeldCell.Advertised, Now, Verified: Now) })],
        };
        Save("holdings.json", founding.Sign.Sign(Holdings.PayloadType, holdings.ToPayload()).ToJson());
        var members = new Members { Fleet = founding.Chain.Fleet, Site = "ams", Epoch = 1, Seq = 1, Issued = Now, All = [new Member("console-1", SomeImages.Id(9).Sha256, Now.AddDays(90))] };
        Save("members.json", founding.Sign.Sign(Members.PayloadType, members.ToPayload()).ToJson());
    }

    private static TrustChain Chain() => Assert.IsType<TrustOutcome.Accepted>(TrustChain.Begin(Bytes("trust.json"), null)).Chain;

    private static byte[] Bytes(string name) => File.ReadAllBytes(Path.Combine(Folder, name));

    private static string Text(string name) => File.ReadAllText(Path.Combine(Folder, name));

    private static void Save(string name, byte[] bytes) => File.WriteAllBytes(Path.Combine(Folder, name), bytes);
}
