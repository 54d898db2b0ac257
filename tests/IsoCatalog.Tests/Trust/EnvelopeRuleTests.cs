using System.Text;
using IsoCatalog.Core.Trust;
using Xunit;

namespace IsoCatalog.Tests.Trust;

public sealed class EnvelopeRuleTests
{
    private const string Type = "application/vnd.test.v1+json";

    private static readonly SigningKey Key = SigningKey.Generate();

    [Fact]
    public void D_01_an_envelope_of_one_byte_too_many_is_refused_unread()
    {
        var json = Key.Sign(Type, "{}"u8.ToArray()).ToJson();

        Assert.True(Envelope.TryRead(json, json.Length, Type, 2, out _, out _));
        Assert.Equal(Rules.EnvelopeSize, Rule(json, json.Length - 1, Type, 2));
    }

    [Fact]
    public void D_05_a_payload_of_one_byte_too_many_is_refused() => Assert.Equal(Rules.PayloadSize, Rule(Key.Sign(Type, "{}"u8.ToArray()).ToJson(), 1000, Type, 1));

    [Fact]
    public void D_03_a_payload_of_another_type_is_refused_even_before_its_signature() =>
        Assert.Equal(Rules.PayloadType, Rule(Key.Sign(Type, "{}"u8.ToArray()).ToJson(), 1000, TrustDocument.PayloadType, 100));

    [Theory]
    [InlineData("")]
    [InlineData("é")]
    [InlineData("9 a")]
    public void D_03_odd_types_sign_and_open_as_themselves_only(string type)
    {
        var signed = Key.Sign(type, []);

        Assert.True(Key.Public.Opens(signed, type));
        Assert.False(Key.Public.Opens(signed, type + " "));
        Assert.False(Key.Public.Opens(signed with { PayloadType = type + " 0" }, type + " 0"));
    }

    [Fact]
    public void D_02_every_flipped_byte_of_the_whole_envelope_is_noticed()
    {
        var json = Key.Sign(Type, """{"seq":1}"""u8.ToArray()).ToJson();
        var opened = 0;
        for (var at = 0; at < json.Length; at++)
        {
            var copy = json.ToArray();
            copy[at] ^= 1;
            if (Envelope.TryRead(copy, 10_000, Type, 1000, out var envelope, out _) && Key.Public.Opens(envelope, Type))
            {
                // The key id is a hint, and base64 has bits that mean nothing: an envelope's bytes are nobody's identity. What it says may not change.
                Assert.Equal("""{"seq":1}"""u8.ToArray(), envelope.Payload);
                opened++;
            }
        }

        Assert.InRange(opened, 1, 64 + 24);
    }

    [Theory]
    [InlineData("e30", false)]
    [InlineData("e30=", true)]
    [InlineData("e30==", false)]
    [InlineData("e3\\u0030=", true)]
    public void D_02_base64_is_read_with_its_padding(string payload, bool read) =>
        Assert.Equal(read, Envelope.TryParse(Encoding.UTF8.GetBytes($$"""{"payload":"{{payload}}","payloadType":"t","signatures":[{"sig":"AA=="}]}"""), 1000, out _, out _));

    [Fact]
    public void D_02_the_url_safe_alphabet_is_read_with_and_without_padding()
    {
        foreach (var payload in new[] { "--8=", "--8", "_-8=" })
        {
            var json = Encoding.UTF8.GetBytes($$"""{"payload":"{{payload}}","payloadType":"t","signatures":[{"sig":"AA=="}]}""");

            Assert.True(Envelope.TryParse(json, 1000, out var envelope, out var error), error);
            Assert.Equal(2, envelope.Payload.Length);
        }
    }

    [Fact]
    public void Signatures_of_several_holders_are_merged_over_one_payload_only()
    {
        using var other = SigningKey.Generate();
        var (a, b) = (Key.Sign(Type, [1]), other.Sign(Type, [1]));

        Assert.Equal(2, Envelope.Merged(a, b, a).Signatures.Count);
        Assert.Throws<ArgumentException>(() => Envelope.Merged(a, other.Sign(Type, [2])));
        Assert.Throws<ArgumentException>(() => Envelope.Merged(a, other.Sign("t", [1])));
    }

    private static string? Rule(byte[] json, int maxBytes, string type, int maxPayload) =>
        Envelope.TryRead(json, maxBytes, type, maxPayload, out _, out var violation) ? null : violation.Rule;
}
