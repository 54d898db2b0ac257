using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Api;

/// <summary>Somebody tries token after token on a whole site.</summary>
public sealed class TokenGuessingTests
{
    private const string Available = "/api/v1/available?surface=bmc";
    private const string Right = "panel-token-0123456789";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ten_wrong_tokens_and_then_429_for_the_wrong_ones_alone()
    {
        await using var site = await TestSite.StartAsync(Cancel, new TestSiteOptions
        {
            OpenOnLoopback = false,
            Extra = $$"""
                store: { floor: 1MiB }
                tokens:
                  - { name: panel, role: panel, sha256: "{{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Right)))}}" }
                """,
        });
        using var panel = new ApiCaller(site.Api, Right);
        using var nobody = new ApiCaller(site.Api);
        Assert.Equal(200, (int)(await panel.GetAsync(Available)).Status);

        // An old token that comes again and again is one attempt, not many.
        for (var i = 0; i < 30; i++)
        {
            (await GuessAsync(site, "the-old-token-0123456789")).Refused(401, "unauthorized");
        }

        for (var i = 1; i < 10; i++)
        {
            (await GuessAsync(site, $"a-guess-0123456789-{i}")).Refused(401, "unauthorized");
        }

        var slowed = await GuessAsync(site, "a-guess-too-many-0123456789");
        slowed.Refused(429, "too-many-attempts");
        var seconds = int.Parse(slowed["Retry-After"]!, CultureInfo.InvariantCulture);
        Assert.InRange(seconds, 1, 60);

        // Whoever has the right one is behind the same address, and is not kept waiting; who shows no token is asked for one as ever.
        for (var i = 0; i < 40; i++)
        {
            Assert.Equal(200, (int)(await panel.GetAsync(Available)).Status);
        }

        (await nobody.GetAsync(Available)).Refused(401, "unauthorized");
        Assert.Equal(200, (int)(await nobody.GetAsync("/healthz")).Status);

        // The socket is not an address.
        var (exit, _, errors) = await TestSite.RunAsync(["ls", "--config", site.ConfigurationPath], Cancel);
        Assert.True(exit == 0, errors);
    }

    private static async Task<ApiAnswer> GuessAsync(TestSite site, string token)
    {
        using var caller = new ApiCaller(site.Api, token);
        return await caller.GetAsync(Available);
    }
}
