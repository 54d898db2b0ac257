using System.Net;
using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Core.Hashing;
using Microsoft.Extensions.Primitives;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace IsoCatalog.Tests.Access;

/// <summary>Browsers that signed in.</summary>
public sealed class SessionTests
{
    private static readonly Sha256Digest Operator = Token.HashOf("secret-one");

    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void A_session_stands_for_its_token_until_it_is_closed_or_twelve_hours_have_gone()
    {
        var sessions = new Sessions(_clock);
        var (one, other) = (sessions.Open(Operator), sessions.Open(Operator));

        Assert.NotEqual(one, other);
        Assert.Equal(Operator, sessions.TokenOf(one));
        Assert.Null(sessions.TokenOf(one + "x"));
        Assert.Null(sessions.TokenOf(new string('a', 100_000)));

        sessions.Close(one);
        Assert.Null(sessions.TokenOf(one));

        _clock.Advance(Sessions.Lifetime - TimeSpan.FromSeconds(1));
        Assert.Equal(Operator, sessions.TokenOf(other));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(sessions.TokenOf(other));
    }

    [Fact]
    public void The_oldest_session_makes_room()
    {
        var sessions = new Sessions(_clock);
        var first = sessions.Open(Operator);
        _clock.Advance(TimeSpan.FromSeconds(1));
        var second = sessions.Open(Operator);
        for (var i = 2; i <= Sessions.Most; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            sessions.Open(Operator);
        }

        Assert.Null(sessions.TokenOf(first));
        Assert.Equal(Operator, sessions.TokenOf(second));
    }

    [Theory]
    [InlineData(null, "10.0.0.5", null)]
    [InlineData("http://isos.example:8443", "10.0.0.5", null)]
    [InlineData("https://isos.example:8443", "10.0.0.5", null)]
    [InlineData("http://evil.example", "10.0.0.5", AccessCode.Forbidden)]
    [InlineData("null", "10.0.0.5", AccessCode.Forbidden)]
    [InlineData(null, "10.9.0.5", AccessCode.AddressNotAllowed)]
    public void A_session_is_good_from_where_its_token_is_and_for_the_sites_own_pages(string? origin, string from, string? refusal)
    {
        var (policy, sessions) = Policy();
        var request = Request(from) with { Origin = origin, Session = sessions.Open(Operator) };

        Assert.Equal(refusal, (policy.Decide(request).Decision as AccessDecision.Refused)?.Code);
    }

    [Fact]
    public void A_session_that_is_not_known_or_whose_token_is_not_any_more_opens_nothing()
    {
        var (policy, sessions) = Policy();

        Assert.IsType<AccessDecision.Refused>(policy.Decide(Request("10.0.0.5") with { Session = "nonsense" }).Decision);
        Assert.IsType<AccessDecision.Refused>(policy.Decide(Request("10.0.0.5") with { Session = sessions.Open(Token.HashOf("another")) }).Decision);
        Assert.IsType<AccessDecision.Refused>(policy.Decide(Request("10.0.0.5") with { Authorization = "Bearer wrong", Session = sessions.Open(Operator) }).Decision);
    }

    private static AccessRequest Request(string from) => new(
        OnSocket: false, IPAddress.Parse(from), null, "http", Authorization: null, "isos.example:8443", Origin: null, StringValues.Empty, ThroughProxy: false);

    private (AccessPolicy Policy, Sessions Sessions) Policy()
    {
        var sessions = new Sessions(_clock);
        var token = new TokenConfiguration("tokens[0]", "a", Role.Operator, Operator, [IPNetwork.Parse("10.0.0.0/16")]);
        return (new AccessPolicy(new AccessOptions { Tokens = new TokenTable([token]) }, new AttemptLimit(_clock), sessions), sessions);
    }
}
