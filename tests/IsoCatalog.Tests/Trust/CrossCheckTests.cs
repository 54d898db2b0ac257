using System.Text;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Trust;
using IsoCatalog.Testing;
using IsoCatalog.Tests.Catalog;
using Xunit;

namespace IsoCatalog.Tests.Trust;

/// <summary>Programs that know nothing of ours read what we sign, and sign what we read.</summary>
public sealed class CrossCheckTests
{
    /// <summary>The recipe of docs/catalog-format.md in another language: verifies argv[1] with the PEM key argv[2] and prints the payload.</summary>
    private const string Verify = """
        import base64, hashlib, json, sys
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        e = json.load(open(sys.argv[1])); key = serialization.load_pem_public_key(open(sys.argv[2], 'rb').read())
        body = base64.b64decode(e['payload'], validate=True); t = e['payloadType'].encode()
        key.verify(base64.b64decode(e['signatures'][0]['sig'], validate=True), b'DSSEv1 %d %s %d %s' % (len(t), t, len(body), body), ec.ECDSA(hashes.SHA256()))
        spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        assert e['signatures'][0]['keyid'] == hashlib.sha256(spki).hexdigest()
        sys.stdout.buffer.write(body)
        """;

    /// <summary>Makes a key, writes its public half to argv[1], signs the payload of argv[2] as type argv[3] and prints the envelope, in the URL-safe alphabet.</summary>
    private const string Sign = """
        import base64, json, sys
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        key = ec.generate_private_key(ec.SECP256R1())
        open(sys.argv[1], 'wb').write(key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
        body = open(sys.argv[2], 'rb').read(); t = sys.argv[3].encode()
        sig = key.sign(b'DSSEv1 %d %s %d %s' % (len(t), t, len(body), body), ec.ECDSA(hashes.SHA256()))
        b = lambda x: base64.urlsafe_b64encode(x).decode()
        print(json.dumps({'payload': b(body), 'payloadType': sys.argv[3], 'signatures': [{'sig': b(sig)}]}))
        """;

    private readonly SomeFleet _fleet = new("ams");

    [Fact]
    public async Task Python_verifies_a_site_document_of_ours()
    {
        using var folder = new TempFolder();
        var writer = _fleet.Writer("ams");
        var written = (WriteOutcome.Written)writer.Write(
            _fleet.Catalog(), [SomeImages.Put(1, 0) with { Stamp = writer.NextStamp(_fleet.Catalog(), ClockReading.Of(SomeFleet.Now)) }], _fleet.Signers["ams"], ClockReading.Of(SomeFleet.Now));
        var envelope = folder.Write("envelope.json", written.Document.Envelope);
        var key = folder.Write("key.pem", Encoding.ASCII.GetBytes(_fleet.Signers["ams"].Public.Pem));

        var payload = (await Python(Verify, envelope, key)).Succeeded();

        Assert.Equal(Encoding.UTF8.GetString(written.Document.Manifest.ToPayload()), payload);
        var flipped = written.Document.Envelope.ToArray();
        flipped[20] ^= 1;
        Assert.NotEqual(0, (await Python(Verify, folder.Write("flipped.json", flipped), key)).ExitCode);
    }

    [Fact]
    public async Task We_open_what_Python_signs()
    {
        using var folder = new TempFolder();
        var payload = folder.Write("payload", "{\"seq\":7}"u8);
        var envelope = (await Python(Sign, folder.Combine("pub.pem"), payload, SiteManifest.PayloadType)).Succeeded();
        var key = VerifyingKey.FromPem(await File.ReadAllTextAsync(folder.Combine("pub.pem"), TestContext.Current.CancellationToken));

        Assert.True(Envelope.TryParse(Encoding.UTF8.GetBytes(envelope), 10_000, out var read, out var error), error);
        Assert.True(key.Opens(read, SiteManifest.PayloadType));
        Assert.False(key.Opens(read with { Payload = [.. read.Payload, 32] }, SiteManifest.PayloadType));
    }

    [Fact]
    public async Task A_root_holder_signs_a_trust_document_with_openssl_alone()
    {
        using var folder = new TempFolder();
        var (privateKey, publicKey) = (folder.Combine("root.key"), folder.Combine("root.pem"));
        await Openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", privateKey);
        await Openssl("pkey", "-in", privateKey, "-pubout", "-out", publicKey);
        var root = VerifyingKey.FromPem(await File.ReadAllTextAsync(publicKey, TestContext.Current.CancellationToken));
        var payload = TrustDocument.First(RandomId.New(), [root], 1, SomeFleet.Now, SomeFleet.Year).ToPayload();
        await Openssl("dgst", "-sha256", "-sign", privateKey, "-out", folder.Combine("sig"), folder.Write("pae", Pae.Encode(TrustDocument.PayloadType, payload)));
        var signature = await File.ReadAllBytesAsync(folder.Combine("sig"), TestContext.Current.CancellationToken);

        var outcome = TrustChain.Begin(new Envelope(TrustDocument.PayloadType, payload, [new EnvelopeSignature("", signature)]).ToJson(), null);

        Assert.Equal(1, Assert.IsType<TrustOutcome.Accepted>(outcome).Chain.Current.Version);
    }

    [Fact]
    [RunsExample("docs/catalog-format.md", "T=$(jq")]
    public async Task The_recipe_of_the_document_verifies_with_openssl_alone()
    {
        var recipe = Assert.Single(PageExamples.Of("docs/catalog-format.md", "T=$(jq"));
        Counterpart.Require("jq");
        using var folder = new TempFolder();
        folder.Write("e.json", _fleet.Chain.Newest.Envelope.ToJson());
        folder.Write("pub.pem", Encoding.ASCII.GetBytes(_fleet.Roots[0].Public.Pem));

        var said = (await Counterpart.RunAsync("bash", ["-c", $"cd {folder.Path} && {recipe}"], TestContext.Current.CancellationToken)).Succeeded();

        Assert.Contains("Verified OK", said, StringComparison.Ordinal);
    }

    private static Task<ProgramResult> Python(string program, params string[] arguments)
    {
        Counterpart.RequireFile("/usr/lib/python3/dist-packages/cryptography/__init__.py", "python3-cryptography");
        return Counterpart.RunAsync("/usr/bin/python3", ["-c", program, .. arguments], TestContext.Current.CancellationToken);
    }

    private static async Task Openssl(params string[] arguments) =>
        (await Counterpart.RunAsync("openssl", arguments, TestContext.Current.CancellationToken)).Succeeded();
}
