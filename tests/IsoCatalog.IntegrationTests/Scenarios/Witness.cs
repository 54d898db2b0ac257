using System.Net.Http.Json;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>
/// What the site itself says about when something happened. An image may be back on the list before anybody could ask, so the tests do not race it: they
/// ask for the site's record afterwards.
/// </summary>
internal sealed class Witness(TestSite site) : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public async Task<IReadOnlyList<SiteEvent>> EventsAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(site.Api, "api/v1/events"));
        request.Headers.Accept.ParseAdd("application/json");
        using var answer = await _client.SendAsync(request, Cancel);
        return (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync(ApiJson.Default.IReadOnlyListSiteEvent, Cancel))!;
    }

    /// <param name="series">With its labels, as it stands on the page.</param>
    /// <returns>Null when there is no such series.</returns>
    public async Task<double?> MetricAsync(string series)
    {
        var line = (await _client.GetStringAsync(new Uri(site.Api, "metrics"), Cancel)).Split('\n')
            .FirstOrDefault(l => l.StartsWith(series, StringComparison.Ordinal) && l.Length > series.Length && (l[series.Length] is ' ' or '{'));
        return line is null ? null : double.Parse(line.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);
    }

    public async Task<string> ETagAsync(string surface) =>
        (await site.Client.GetAvailableAsync(new AvailableRequest(surface), etag: null, Cancel))!.ETag!;

    /// <summary>The image's times of leaving a surface's list, from a moment on.</summary>
    public async Task<IReadOnlyList<SiteEvent>> LeftAsync(ImageId image, string surface, DateTimeOffset from) =>
    [
        .. (await EventsAsync()).Where(e => e.Type == "surface" && e.Image == image && e.Surface == surface && e.At >= from
            && e.Text.Contains("is not available", StringComparison.Ordinal)),
    ];

    /// <summary>The promise: within two seconds of the damage it was off the list.</summary>
    /// <param name="before">Just before the system call.</param>
    /// <param name="after">Just after it returned.</param>
    public async Task<SiteEvent> LeftWithinTwoSecondsAsync(ImageId image, string surface, DateTimeOffset before, DateTimeOffset after)
    {
        await TestSite.EventuallyAsync(async () => (await LeftAsync(image, surface, before)).Count > 0, Cancel);
        var left = (await LeftAsync(image, surface, before))[0];
        Assert.True(left.At - after <= TimeSpan.FromSeconds(2), $"It was listed on {surface} for {left.At - after} after the damage.");
        return left;
    }

    public async Task<DriftView> DriftAsync(string code, string? about = null)
    {
        DriftView? found = null;
        await TestSite.EventuallyAsync(
            async () => (found = (await site.Client.GetDriftAsync(Cancel)).Drift
                .FirstOrDefault(d => d.Code == code && (about is null || d.Reason.Contains(about, StringComparison.Ordinal)))) is not null,
            Cancel);
        return found!;
    }

    /// <summary>The event and its count: a withdrawal is seen first and told when it is on the disk, so neither need be there as soon as the drift is.</summary>
    public Task ToldAsync(DateTimeOffset from, string code, string surface, ImageId? image = null) => TestSite.EventuallyAsync(
        async () => (await EventsAsync()).Any(e => e.Type == "drift" && e.At >= from && e.Code == code && e.Surface == surface && e.Image == image)
            && await MetricAsync($$"""isocatalog_drift_found_total{code="{{code}}",surface="{{surface}}"}""") >= 1,
        Cancel);

    public Task ListedAsync(ImageId image, params string[] surfaces) => TestSite.EventuallyAsync(
        async () =>
        {
            foreach (var surface in surfaces)
            {
                if (!await site.ListsAsync(surface, image, Cancel))
                {
                    return false;
                }
            }

            return true;
        },
        Cancel);

    /// <summary>The image as a BMC gets it.</summary>
    public async Task<byte[]> ServedAsync(ImageId image)
    {
        var list = await site.Client.GetAvailableAsync(new AvailableRequest("bmc"), Cancel);
        return await _client.GetByteArrayAsync(new Uri(list.Images.Single(i => i.Id == image).Mount.Url!), Cancel);
    }

    public async Task<byte[]> BytesOfAsync(string url) => await _client.GetByteArrayAsync(new Uri(url), Cancel);

    public async Task<int> StatusOfAsync(string url)
    {
        using var answer = await _client.GetAsync(new Uri(url), HttpCompletionOption.ResponseHeadersRead, Cancel);
        return (int)answer.StatusCode;
    }

    public void Dispose() => _client.Dispose();
}
