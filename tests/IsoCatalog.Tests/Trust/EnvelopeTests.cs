using System.Security.Cryptography;
using System.Text;
using IsoCatalog.Core.Trust;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.Tests.Trust;

public sealed class EnvelopeTests : IDisposable
{
    private const string Type = "application/vnd.test.v1+json";

    private readonly SigningKey _key = SigningKey.Generate();

    public void Dispose() => _key.Dispose();

    [Fact]
    public void The_pre_authentication_encoding_is_that_of_the_specification() =>
        Assert.Equal("DSSEv1 29 http://example.com/HelloWorld 11 hello world"u8.ToArray(), Pae.Encode("http://example.com/HelloWorld", "hello world"u8));

    [Fact]
    public void Lengths_in_the_encoding_are_bytes_not_characters() =>
        Assert.Equal("DSSEv1 2 é 3 \0\u0001\u0002"u8.ToArray(), Pae.Encode("é", [0, 1, 2]));

    [Fact]
    public void What_was_signed_opens_again_after_its_way_through_json()
    {
        var signed = _key.Sign(Type, "{}"u8.ToArray());

        Assert.True(Envelope.TryParse(signed.ToJson(), 10_000, out var read, out var error), error);
        Assert.True(_key.Public.Opens(read, Type));
        Assert.Equal("{}"u8.ToArray(), read.Payload);
        Assert.Equal(_key.Public.KeyId, Assert.Single(read.Signatures).KeyId);
    }

    [Fact]
    public void Any_flipped_bit_of_payload_or_signature_closes_it()
    {
        var signed = _key.Sign(Type, "{\"seq\":1}"u8.ToArray());
        var signature = signed.Signatures[0].Signature;

        Assert.All(Flipped(signed.Payload), payload => Assert.False(_key.Public.Opens(signed with { Payload = payload }, Type)));
        Assert.All(Flipped(signature), other => Assert.False(
            _key.Public.Opens(signed with { Signatures = [new EnvelopeSignature(_key.Public.KeyId, other)] }, Type)));
    }

    [Fact]
    public void A_payload_cannot_be_taken_for_another_type()
    {
        var signed = _key.Sign(Type, "{}"u8.ToArray());

        Assert.False(_key.Public.Opens(signed, "application/vnd.other.v1+json"));
        Assert.False(_key.Public.Opens(signed with { PayloadType = "application/vnd.other.v1+json" }, "application/vnd.other.v1+json"));
        Assert.False(_key.Public.Opens(signed, Type.ToUpperInvariant()));
    }

    [Fact]
    public void A_border_between_type_and_payload_cannot_be_moved()
    {
        var signed = _key.Sign("a", "b c"u8.ToArray());

        Assert.False(_key.Public.Opens(signed with { PayloadType = "a b", Payload = "c"u8.ToArray() }, "a b"));
    }

    [Fact]
    public void A_raw_signature_is_refused()
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(_key.ExportPem());
        var pae = Pae.Encode(Type, "{}"u8);
        var raw = key.SignData(pae, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        var der = key.SignData(pae, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

        Assert.False(_key.Public.Opens(new Envelope(Type, "{}"u8.ToArray(), [new EnvelopeSignature("", raw)]), Type));
        Assert.True(_key.Public.Opens(new Envelope(Type, "{}"u8.ToArray(), [new EnvelopeSignature("", der)]), Type));
    }

    [Fact]
    public void The_key_id_is_a_hint_and_nothing_more()
    {
        using var other = SigningKey.Generate();
        var forged = other.Sign(Type, "{}"u8.ToArray());
        forged = forged with { Signatures = [new EnvelopeSignature(_key.Public.KeyId, forged.Signatures[0].Signature)] };

        Assert.False(_key.Public.Opens(forged, Type));
    }

    [Fact]
    public void One_good_signature_among_bad_ones_is_enough()
    {
        using var other = SigningKey.Generate();
        var signed = _key.Sign(Type, "{}"u8.ToArray());
        var both = signed with { Signatures = [.. other.Sign(Type, "{}"u8.ToArray()).Signatures, new EnvelopeSignature("x", []), .. signed.Signatures] };

        Assert.True(_key.Public.Opens(both, Type));
    }

    [Theory]
    [InlineData("1.3.132.0.34")]
    [InlineData("1.3.132.0.35")]
    [InlineData("1.3.132.0.10")]
    public void A_key_of_another_curve_is_refused(string curve)
    {
        using var key = ECDsa.Create(ECCurve.CreateFromValue(curve));

        Assert.Contains("P-256", Assert.Throws<CryptographicException>(() => VerifyingKey.FromPem(key.ExportSubjectPublicKeyInfoPem())).Message, StringComparison.Ordinal);
        Assert.Contains("P-256", Assert.Throws<CryptographicException>(() => SigningKey.FromPem(key.ExportPkcs8PrivateKeyPem())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")]
    [InlineData("not a key")]
    public void What_is_no_key_is_refused_with_one_kind_of_exception(string pem)
    {
        Assert.ThrowsAny<CryptographicException>(() => VerifyingKey.FromPem(pem));
        Assert.ThrowsAny<CryptographicException>(() => SigningKey.FromPem(pem));
    }

    [Fact]
    public void A_public_key_does_not_sign() => Assert.ThrowsAny<CryptographicException>(() => SigningKey.FromPem(_key.Public.Pem));

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"payload":"e30=","payloadType":"t","signatures":[]}""")]
    [InlineData("""{"payload":"e30=","signatures":[{"sig":"AA=="}]}""")]
    [InlineData("""{"payload":"%%%","payloadType":"t","signatures":[{"sig":"AA=="}]}""")]
    [InlineData("""{"payload":"e30=","payload":"e30=","payloadType":"t","signatures":[{"sig":"AA=="}]}""")]
    [InlineData("""{"payload":"e30=","payloadType":"t","signatures":[null]}""")]
    [InlineData("""{"payload":"e-30=_","payloadType":"t","signatures":[{"sig":"AA=="}]}""")]
    [InlineData("""{"payload":"e30=","payloadType":"t","signatures":[{"sig":"AA=="}]} x""")]
    public void What_is_no_envelope_is_refused_in_words(string json)
    {
        Assert.False(Envelope.TryParse(Encoding.UTF8.GetBytes(json), 10_000, out _, out var error));
        Assert.NotEmpty(error);
    }

    [Fact]
    public void Bounds_hold_before_anything_is_decoded()
    {
        var many = new Envelope(Type, [], [.. Enumerable.Repeat(new EnvelopeSignature("", [1]), Envelope.MaxSignatures + 1)]).ToJson();

        Assert.False(Envelope.TryParse(many, 100_000, out _, out _));
        Assert.False(Envelope.TryParse(_key.Sign(Type, new byte[100]).ToJson(), 100, out _, out var error));
        Assert.Contains("100 are allowed", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Both_base64_alphabets_and_unknown_members_are_read()
    {
        byte[] payload = [0xFB, 0xEF, 0xFF, 0xFE];
        var json = $$"""{"later":1,"payload":"{{Convert.ToBase64String(payload).Replace('+', '-').Replace('/', '_')}}","payloadType":"t","signatures":[{"sig":"AA=="}]}""";

        Assert.True(Envelope.TryParse(Encoding.UTF8.GetBytes(json), 10_000, out var envelope, out var error), error);
        Assert.Equal(payload, envelope.Payload);
    }

    [Fact]
    public async Task OpenSSL_verifies_what_we_sign()
    {
        using var folder = new TempFolder();
        var signed = _key.Sign(Type, "{\"seq\":7}"u8.ToArray());
        var pae = folder.Write("pae", Pae.Encode(signed.PayloadType, signed.Payload));
        var signature = folder.Write("sig", signed.Signatures[0].Signature);
        var key = folder.Write("pub.pem", Encoding.ASCII.GetBytes(_key.Public.Pem));

        var said = (await Counterpart.RunAsync(
            "openssl", ["dgst", "-sha256", "-verify", key, "-signature", signature, pae], TestContext.Current.CancellationToken)).Succeeded();

        Assert.Contains("Verified OK", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task We_open_what_OpenSSL_signs()
    {
        using var folder = new TempFolder();
        var (privateKey, publicKey) = (folder.Combine("key.pem"), folder.Combine("pub.pem"));
        await Openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", privateKey);
        await Openssl("pkey", "-in", privateKey, "-pubout", "-out", publicKey);
        var pae = folder.Write("pae", Pae.Encode(Type, "{\"seq\":7}"u8));
        await Openssl("dgst", "-sha256", "-sign", privateKey, "-out", folder.Combine("sig"), pae);
        await Openssl("pkey", "-pubin", "-in", publicKey, "-outform", "DER", "-out", folder.Combine("der"));

        var key = VerifyingKey.FromPem(await File.ReadAllTextAsync(publicKey, TestContext.Current.CancellationToken));
        var signature = await File.ReadAllBytesAsync(folder.Combine("sig"), TestContext.Current.CancellationToken);
        var der = await File.ReadAllBytesAsync(folder.Combine("der"), TestContext.Current.CancellationToken);

        Assert.True(key.Opens(new Envelope(Type, "{\"seq\":7}"u8.ToArray(), [new EnvelopeSignature("", signature)]), Type));
        Assert.False(key.Opens(new Envelope(Type, "{\"seq\":8}"u8.ToArray(), [new EnvelopeSignature("", signature)]), Type));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(der)), key.KeyId);
    }

    private static async Task Openssl(params string[] arguments) =>
        (await Counterpart.RunAsync("openssl", arguments, TestContext.Current.CancellationToken)).Succeeded();

    private static IEnumerable<byte[]> Flipped(byte[] bytes) => Enumerable.Range(0, bytes.Length * 8).Select(bit =>
    {
        var copy = bytes.ToArray();
        copy[bit / 8] ^= (byte)(1 << (bit % 8));
        return copy;
    });
}
