using System.Security.Cryptography;
using System.Text;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Api;

/// <summary>Every route that the description names, with every kind of caller: a new route is tested by being described.</summary>
public sealed class RouteAccessTests
{
    private static readonly string[] Open = ["/healthz", "/readyz", "/openapi/v1.json"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_route_lets_in_who_may_not_use_it()
    {
        await using var site = await TestSite.StartAsync(Cancel, new TestSiteOptions
        {
            OpenOnLoopback = false,
            Extra = $$"""
                store: { floor: 1MiB }
                tokens:
                  - { name: panel, role: panel, sha256: "{{Hash("panel-token-0123456789")}}" }
                  - { name: operator, role: operator, sha256: "{{Hash("operator-token-0123456789")}}" }
                  - { name: admin, role: admin, sha256: "{{Hash("admin-token-0123456789")}}" }
                  - { name: elsewhere, role: admin, sha256: "{{Hash("elsewhere-token-0123456789")}}", allow: ["10.99.0.0/16"] }
                """,
        });
        using var nobody = new ApiCaller(site.Api);
        using var stranger = new ApiCaller(site.Api, "a-token-that-nobody-gave");
        using var elsewhere = new ApiCaller(site.Api, "elsewhere-token-0123456789");
        using var panel = new ApiCaller(site.Api, "panel-token-0123456789");
        using var oper = new ApiCaller(site.Api, "operator-token-0123456789");

        foreach (var path in Open)
        {
            Assert.Equal(200, (int)(await nobody.GetAsync(path)).Status);
        }

        var routes = (await nobody.GetAsync("/openapi/v1.json")).Json["paths"]!.AsObject()
            .SelectMany(p => p.Value!.AsObject().Select(o => (
                Path: p.Key.Replace("{id}", "nothing", StringComparison.Ordinal),
                Method: new HttpMethod(o.Key.ToUpperInvariant()),
                Role: o.Value!["description"]!.GetValue<string>().Split("Role: ")[1].TrimEnd('.'))))
            .Append(("/metrics", HttpMethod.Get, "panel"))
            .ToList();
        Assert.True(routes.Count >= 19, $"{routes.Count} routes");
        foreach (var (path, method, role) in routes)
        {
            var where = $"{method} {path}";
            Assert.True((await Code(nobody, method, path)) == (401, "unauthorized"), where);
            Assert.True((await Code(stranger, method, path)) == (401, "unauthorized"), where);
            Assert.True((await Code(elsewhere, method, path)) == (403, "address-not-allowed"), where);
            var asPanel = await Code(panel, method, path);
            Assert.True(role == "panel" ? asPanel.Status is not (401 or 403) : asPanel == (403, "forbidden"), $"{where} as panel: {asPanel}");
            var asOperator = await Code(oper, method, path);
            Assert.True(role == "admin" ? asOperator == (403, "forbidden") : asOperator.Status is not (401 or 403), $"{where} as operator: {asOperator}");
        }

        Assert.Equal("Bearer realm=\"isocatalog\"", (await nobody.GetAsync("/api/v1/images"))["WWW-Authenticate"]);
    }

    /// <summary>An event stream never ends, so only its beginning is looked at.</summary>
    private static async Task<(int Status, string? Problem)> Code(ApiCaller caller, HttpMethod method, string path)
    {
        if (path.EndsWith("/events", StringComparison.Ordinal))
        {
            var events = await caller.GetAsync(path, ("Accept", "application/json"));
            return ((int)events.Status, (int)events.Status >= 400 ? events.Problem() : null);
        }

        var answer = method == HttpMethod.Get || method == HttpMethod.Delete
            ? await caller.SendAsync(method, path, null)
            : path == "/api/v1/trust"
                ? await caller.SendAsync(method, path, new ByteArrayContent([1]) { Headers = { ContentType = new("application/octet-stream") } })
            : await caller.JsonAsync(method, path, "{}");
        return ((int)answer.Status, (int)answer.Status >= 400 ? answer.Problem() : null);
    }

    private static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
