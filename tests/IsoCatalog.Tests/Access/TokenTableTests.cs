using System.Net;
using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Configuration;
using Xunit;

namespace IsoCatalog.Tests.Access;

public sealed class TokenTableTests
{
    private static readonly IPAddress Anywhere = IPAddress.Parse("192.0.2.7");

    [Fact]
    public void A_generated_token_is_52_base32_characters_that_the_table_knows_by_their_hash()
    {
        var (text, sha256) = Token.Generate();
        var table = Table(Entry("panel", Role.Panel, text));

        Assert.Matches("^[a-z2-7]{52}$", text);
        Assert.Equal(Token.HashOf(text), sha256);
        Assert.NotEqual(text, Token.Generate().Text);
        Assert.Equal(new AccessDecision.Accepted("panel", Role.Panel), table.Authenticate("Bearer " + text, Anywhere));
        Assert.Equal(new AccessDecision.Accepted("panel", Role.Panel), table.Authenticate("bearer " + text, Anywhere));
    }

    [Fact]
    public void Base32_is_that_of_RFC_4648()
    {
        // Every character must be reachable and the padding bits zero: 256 bits leave 4 bits over, so the last character is one of two.
        var texts = Enumerable.Range(0, 300).Select(_ => Token.Generate().Text).ToList();

        Assert.Equal(32, texts.SelectMany(text => text).Distinct().Count());
        Assert.Equal(['a', 'q'], texts.Select(text => text[^1]).Distinct().Order());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Bearer ")]
    [InlineData("Bearer wrong")]
    [InlineData("Basic dXNlcjpzZWNyZXQ=")]
    [InlineData("secret-one")]
    [InlineData("Bearer secret-one,Bearer secret-one")]
    public void Anything_but_a_known_token_is_unauthorized(string? authorization)
    {
        var refused = Assert.IsType<AccessDecision.Refused>(Table(Entry("a", Role.Admin, "secret-one")).Authenticate(authorization, Anywhere));

        Assert.Equal(AccessCode.Unauthorized, refused.Code);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_of_any_length_is_refused_without_being_hashed()
    {
        var long_ = new string('x', TokenTable.MaxTokenLength + 1);

        Assert.IsType<AccessDecision.Refused>(Table(Entry("a", Role.Admin, long_)).Authenticate("Bearer " + long_, Anywhere));
        Assert.IsType<AccessDecision.Accepted>(Table(Entry("a", Role.Admin, long_[1..])).Authenticate("Bearer " + long_[1..], Anywhere));
    }

    [Theory]
    [InlineData("10.1.2.3", true)]
    [InlineData("::ffff:10.1.2.3", true)]
    [InlineData("10.2.0.1", false)]
    [InlineData("fd00:1::5", true)]
    [InlineData("fd00:2::5", false)]
    [InlineData(null, false)]
    public void A_token_is_taken_only_from_its_networks(string? client, bool accepted)
    {
        var table = Table(Entry("a", Role.Operator, "secret-one", "10.1.0.0/16", "fd00:1::/32"));

        var decision = table.Authenticate("Bearer secret-one", client is null ? null : IPAddress.Parse(client));

        if (accepted)
        {
            Assert.IsType<AccessDecision.Accepted>(decision);
        }
        else
        {
            Assert.Equal(AccessCode.AddressNotAllowed, Assert.IsType<AccessDecision.Refused>(decision).Code);
        }
    }

    [Fact]
    public void Each_of_many_tokens_is_found()
    {
        var table = Table([.. Enumerable.Range(0, 50).Select(i => Entry($"t{i}", (Role)(i % 3), $"secret-{i}"))]);

        Assert.All(Enumerable.Range(0, 50), i =>
            Assert.Equal(new AccessDecision.Accepted($"t{i}", (Role)(i % 3)), table.Authenticate($"Bearer secret-{i}", Anywhere)));
    }

    private static TokenTable Table(params TokenConfiguration[] tokens) => new(tokens);

    private static TokenConfiguration Entry(string name, Role role, string text, params string[] allow) =>
        new("tokens[0]", name, role, Token.HashOf(text), [.. allow.Select(IPNetwork.Parse)]);
}
