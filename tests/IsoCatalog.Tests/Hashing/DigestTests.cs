using IsoCatalog.Core.Hashing;
using Xunit;

namespace IsoCatalog.Tests.Hashing;

public sealed class DigestTests
{
    [Fact]
    public void A_sha1_digest_is_read_and_written_as_forty_digits()
    {
        const string text = "000102030405060708090a0b0c0d0e0f10ffeedd";
        Assert.True(Sha1Digest.TryParse(text.ToUpperInvariant(), out var digest));
        Assert.Equal(text, digest.ToString());
        Assert.Equal(digest, new Sha1Digest(digest.ToArray()));
        Assert.Equal(Convert.FromHexString(text), digest.ToArray());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("000102030405060708090a0b0c0d0e0f10ffeed")]
    [InlineData("000102030405060708090a0b0c0d0e0f10ffeeddd")]
    [InlineData("g00102030405060708090a0b0c0d0e0f10ffeedd")]
    public void Anything_else_is_no_sha1_digest(string? text) => Assert.False(Sha1Digest.TryParse(text, out _));

    [Fact]
    public void A_digest_of_another_length_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new Sha1Digest(new byte[19]));
        Assert.Throws<ArgumentException>(() => new Sha256Digest(new byte[20]));
    }
}
