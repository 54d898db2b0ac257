using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IsoCatalog.Client;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Api;

/// <summary>Speaks to a site as any program would: bytes over HTTP, nothing decoded on the way.</summary>
internal sealed class ApiCaller(Uri site, string? token = null) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false })
    {
        BaseAddress = site,
        DefaultRequestHeaders = { Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token) },
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public Task<ApiAnswer> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, path, null, headers);

    public Task<ApiAnswer> JsonAsync(HttpMethod method, string path, string json) =>
        SendAsync(method, path, new StringContent(json, Encoding.UTF8, "application/json"));

    public async Task<ApiAnswer> SendAsync(HttpMethod method, string path, HttpContent? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await _http.SendAsync(request, Cancel);
        return new ApiAnswer(
            response.StatusCode,
            response.Headers.Concat(response.Content.Headers).ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase),
            await response.Content.ReadAsByteArrayAsync(Cancel));
    }

    public Task<HttpResponseMessage> OpenAsync(HttpRequestMessage request) => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);

    /// <summary>Uploads a small image and waits until it is on every list.</summary>
    public static async Task<ImageView> AddAsync(TestSite site, string name, int seed, string volume = "TEST")
    {
        var folder = site.Root;
        var path = Path.Combine(folder, name);
        await File.WriteAllBytesAsync(path, IsoBuilder.InMemory(volume, 20_000, seed), Cancel);
        return await site.AddAsync(path, Cancel);
    }

    public void Dispose() => _http.Dispose();
}

internal sealed record ApiAnswer(HttpStatusCode Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public JsonNode Json => JsonNode.Parse(Body)!;

    public string? this[string header] => Headers.GetValueOrDefault(header);

    public IReadOnlyList<string> Names => [.. Json["images"]!.AsArray().Select(i => i!["name"]!.GetValue<string>())];

    /// <summary>The code of the problem, after checking that it is a whole one.</summary>
    public string Problem()
    {
        Assert.Equal("application/problem+json", this["Content-Type"]?.Split(';')[0]);
        using var json = JsonDocument.Parse(Body);
        Assert.Equal((int)Status, json.RootElement.GetProperty("status").GetInt32());
        Assert.NotEmpty(json.RootElement.GetProperty("title").GetString()!);
        Assert.NotEmpty(json.RootElement.GetProperty("detail").GetString()!);
        var type = json.RootElement.GetProperty("type").GetString()!;
        Assert.StartsWith("urn:isocatalog:problem:", type, StringComparison.Ordinal);
        return type["urn:isocatalog:problem:".Length..];
    }

    public void Refused(int status, string code) => Assert.Equal((status, code), ((int)Status, Problem()));
}
