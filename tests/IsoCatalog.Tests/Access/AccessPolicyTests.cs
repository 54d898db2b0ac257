using System.Net;
using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Configuration;
using Microsoft.Extensions.Primitives;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace IsoCatalog.Tests.Access;

public sealed class AccessPolicyTests
{
    private static readonly IPEndPoint Local = new(IPAddress.Loopback, 8080);

    private readonly FakeTimeProvider _clock = new();

    [Theory]
    [InlineData("127.0.0.1:8080", null, true)]
    [InlineData("localhost:8080", null, true)]
    [InlineData("LOCALHOST:8080", "http://localhost:8080", true)]
    [InlineData("[::1]:8080", null, true)]
    [InlineData("127.0.0.1:8080", "http://127.0.0.1:8080", true)]
    [InlineData("127.0.0.1", null, false)]
    [InlineData("127.0.0.1:8081", null, false)]
    [InlineData("127.1:8080", null, false)]
    [InlineData("evil.example.com:8080", null, false)]
    [InlineData("localhost.evil.example.com:8080", null, false)]
    [InlineData("10.0.0.5:8080", null, false)]
    [InlineData("", null, false)]
    [InlineData(null, null, false)]
    [InlineData("127.0.0.1:8080", "http://evil.example.com", false)]
    [InlineData("127.0.0.1:8080", "http://localhost:8080", false)]
    [InlineData("127.0.0.1:8080", "https://127.0.0.1:8080", false)]
    [InlineData("127.0.0.1:8080", "null", false)]
    [InlineData("127.0.0.1:8080", "", false)]
    public void An_open_loopback_listener_answers_only_to_itself(string? host, string? origin, bool accepted)
    {
        var (decision, _) = Policy(open: true).Decide(Request() with { Host = host, Origin = origin });

        Assert.Equal(
            accepted ? new AccessDecision.Accepted("loopback", Role.Admin) : null,
            decision as AccessDecision.Accepted);
        Assert.Equal(accepted ? null : AccessCode.Forbidden, (decision as AccessDecision.Refused)?.Code);
    }

    [Fact]
    public void Loopback_needs_a_token_unless_it_was_opened()
    {
        Assert.Equal(AccessCode.Unauthorized, Code(Policy(open: false).Decide(Request())));
    }

    [Fact]
    public void What_a_proxy_on_this_machine_passes_on_is_not_loopback()
    {
        Assert.Equal(AccessCode.Unauthorized, Code(Policy(open: true).Decide(Request() with { ThroughProxy = true })));
        Assert.Equal(AccessCode.Unauthorized, Code(Policy(open: true).Decide(Request() with { Remote = IPAddress.Parse("10.0.0.9") })));
    }

    [Fact]
    public void A_wrong_token_on_an_open_listener_is_still_wrong()
    {
        Assert.Equal(AccessCode.Unauthorized, Code(Policy(open: true).Decide(Request() with { Authorization = "Bearer nope" })));
    }

    [Theory]
    [InlineData("10.0.0.2", "10.1.0.7", "10.1.0.7")]
    [InlineData("::ffff:10.0.0.2", "10.1.0.7", "10.1.0.7")]
    [InlineData("10.0.0.2", "6.6.6.6, 10.1.0.7", "10.1.0.7")]
    [InlineData("10.0.0.2", "6.6.6.6, 10.1.0.7, 10.0.0.3", "10.1.0.7")]
    [InlineData("10.0.0.2", "10.1.0.7:4711", "10.1.0.7")]
    [InlineData("10.0.0.2", "[2001:db8::7]:4711", "2001:db8::7")]
    [InlineData("10.0.0.2", "10.1.0.7, not-an-address", "10.0.0.2")]
    [InlineData("10.0.0.2", "", "10.0.0.2")]
    [InlineData("10.0.0.9", "10.1.0.7", "10.0.0.9")]
    [InlineData("::ffff:10.0.0.9", "", "10.0.0.9")]
    [InlineData("10.0.0.2", "::ffff:10.1.0.7", "10.1.0.7")]
    [InlineData("10.0.0.2", "6.6.6.6, ::ffff:10.0.0.3", "6.6.6.6")]
    [InlineData("10.0.0.2", "fe80::7%3", "fe80::7")]
    [InlineData("10.0.0.2", "6.6.6.6,", "10.0.0.2")]
    [InlineData("10.0.0.2", "6.6.6.6, , 10.0.0.3", "10.0.0.3")]
    [InlineData("10.0.0.2", "\", 10.1.0.7", "10.1.0.7")]
    [InlineData("10.0.0.2", "\"6.6.6.6, 10.1.0.7", "10.1.0.7")]
    [InlineData("10.0.0.2", "6.6.6.6, \"10.0.0.3\"", "10.0.0.2")]
    [InlineData("10.0.0.2", "6.6.6.6, unknown, 10.0.0.3", "10.0.0.3")]
    public void The_client_is_who_the_trusted_proxies_say_and_nobody_else(string remote, string forwardedFor, string client)
    {
        IPNetwork[] proxies = [IPNetwork.Parse("10.0.0.2/31")];

        Assert.Equal(IPAddress.Parse(client), ClientAddress.Of(IPAddress.Parse(remote), new StringValues(forwardedFor), proxies));
    }

    [Fact]
    public void Several_header_lines_are_read_as_one()
    {
        Assert.Equal(
            IPAddress.Parse("10.1.0.7"),
            ClientAddress.Of(IPAddress.Parse("10.0.0.2"), new StringValues(["6.6.6.6", "10.1.0.7"]), [IPNetwork.Parse("10.0.0.2/32")]));
    }

    [Fact]
    public void Without_trusted_proxies_nobody_is_believed_not_even_this_machine()
    {
        foreach (var remote in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback, IPAddress.Parse("10.0.0.2") })
        {
            Assert.Equal(remote, ClientAddress.Of(remote, new StringValues("10.1.0.7"), []));
        }
    }

    [Theory]
    [InlineData(31, "10.1.0.7")]
    [InlineData(32, "10.0.0.3")]
    public void Of_more_than_thirty_two_hops_the_last_that_was_read_is_the_client(int proxiesBetween, string client)
    {
        var forwardedFor = "10.1.0.7" + string.Concat(Enumerable.Repeat(", 10.0.0.3", proxiesBetween));

        Assert.Equal(
            IPAddress.Parse(client), ClientAddress.Of(IPAddress.Parse("10.0.0.2"), new StringValues(forwardedFor), [IPNetwork.Parse("10.0.0.2/31")]));
    }

    [Fact]
    public void An_address_that_tries_token_after_token_must_wait_and_a_right_token_from_there_need_not()
    {
        var policy = Policy(open: false);
        var attacker = Request() with { Remote = IPAddress.Parse("192.0.2.1") };
        for (var i = 0; i < AttemptLimit.Burst; i++)
        {
            Assert.Equal(AccessCode.Unauthorized, Code(policy.Decide(attacker with { Authorization = $"Bearer guess{i}" })));
        }

        Assert.Equal(AccessCode.TooManyAttempts, Code(policy.Decide(attacker with { Authorization = "Bearer guess" })));
        Assert.Null(Code(policy.Decide(attacker with { Authorization = "Bearer secret-one" })));
        Assert.Equal(AccessCode.TooManyAttempts, Code(policy.Decide(attacker with { Authorization = "Bearer guess-again" })));
        Assert.Equal(AccessCode.Unauthorized, Code(policy.Decide(attacker with { Remote = IPAddress.Parse("192.0.2.2"), Authorization = "Bearer guess" })));

        _clock.Advance(AttemptLimit.Refill);
        Assert.Equal(AccessCode.Unauthorized, Code(policy.Decide(attacker with { Authorization = "Bearer guess-once-more" })));
    }

    [Fact]
    public void A_program_with_an_old_token_does_not_lock_out_its_machine()
    {
        var policy = Policy(open: false);
        for (var i = 0; i < 1000; i++)
        {
            Assert.Equal(AccessCode.Unauthorized, Code(policy.Decide(Request() with { Authorization = $"Bearer old-{i % 3}" })));
        }

        Assert.Null(Code(policy.Decide(Request() with { Authorization = "Bearer secret-one" })));
    }

    [Fact]
    public void Attempts_from_a_million_addresses_take_bounded_memory_and_hosts_of_one_IPv6_network_count_as_one()
    {
        var limit = new AttemptLimit(_clock);
        for (var i = 0; i < AttemptLimit.Burst; i++)
        {
            limit.Count(IPAddress.Parse($"2001:db8:1:2::{i:x}"), Token.HashOf($"{i}"));
        }

        Assert.NotEqual(TimeSpan.Zero, limit.WaitOf(IPAddress.Parse("2001:db8:1:2:ffff::1")));
        Assert.Equal(TimeSpan.Zero, limit.WaitOf(IPAddress.Parse("2001:db8:1:3::1")));

        _clock.Advance(TimeSpan.FromSeconds(1));
        for (var i = 0; i < AttemptLimit.MaxAddresses; i++)
        {
            limit.Count(new IPAddress([10, 0, (byte)(i >> 8), (byte)i]), Token.HashOf("x"));
        }

        Assert.Equal(AttemptLimit.MaxAddresses, limit.Remembered);
        Assert.Equal(TimeSpan.Zero, limit.WaitOf(IPAddress.Parse("2001:db8:1:2:ffff::1")));
    }

    private static string? Code((AccessDecision Decision, IPAddress? Client) decided) => (decided.Decision as AccessDecision.Refused)?.Code;

    private static AccessRequest Request() => new(
        OnSocket: false, IPAddress.Loopback, Local, "http", Authorization: null, "127.0.0.1:8080", Origin: null, StringValues.Empty, ThroughProxy: false);

    private AccessPolicy Policy(bool open) => new(
        new AccessOptions
        {
            Tokens = new TokenTable([new TokenConfiguration("tokens[0]", "a", Role.Panel, Token.HashOf("secret-one"), [])]),
            OpenOnLoopback = open,
        },
        new AttemptLimit(_clock),
        new Sessions(_clock));
}
