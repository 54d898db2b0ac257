using IsoCatalog.Core.Trust;
using Xunit;

namespace IsoCatalog.Tests.Trust;

/// <summary>The test vector of the DSSE specification v1.0.2, whose signature is raw; the same numbers as DER are what we accept.</summary>
public sealed class DsseVectorTests
{
    private const string Key = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZ805D3eqNZywjCI19lInBJOp7YMr
        CrzAH3CVTAOQ0jgMeCvVTiaRJaRPRDOv8UMs6U4SvKc6pnrIDOoSYI3fdA==
        -----END PUBLIC KEY-----
        """;

    private const string Type = "http://example.com/HelloWorld";

    [Theory]
    [InlineData("MEQCIANyarEBrVbCdjtsaqyOSHJ14qeRk6CdxfhZ2fjvPEo7AiBR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==", true)]
    [InlineData("A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==", false)]
    public void D_04_the_vector_of_the_specification_is_accepted_as_DER_and_refused_raw(string signature, bool accepted)
    {
        var envelope = new Envelope(Type, "hello world"u8.ToArray(), [new EnvelopeSignature("", Convert.FromBase64String(signature))]);

        Assert.Equal(accepted, VerifyingKey.FromPem(Key).Opens(envelope, Type));
    }

    [Theory]
    [InlineData("3006020100020101")]
    [InlineData("3006020101020100")]
    [InlineData("3000")]
    [InlineData("30")]
    [InlineData("")]
    [InlineData("3026022100ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551020101")]
    public void D_04_numbers_out_of_range_and_broken_DER_close_it(string der)
    {
        var envelope = new Envelope(Type, "hello world"u8.ToArray(), [new EnvelopeSignature("", Convert.FromHexString(der))]);

        Assert.False(VerifyingKey.FromPem(Key).Opens(envelope, Type));
    }
}
