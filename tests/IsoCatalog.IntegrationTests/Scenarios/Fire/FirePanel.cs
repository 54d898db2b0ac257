using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Testing;

namespace IsoCatalog.IntegrationTests.Scenarios.Fire;

/// <summary>
/// A panel of one surface of one site: lists, holds sometimes, mounts, reads, and judges by the promise. What may excuse a mount that fails: damage that was done
/// less than two seconds before the list was asked for, or since; a site that was killed meanwhile; and, without a lease only, that the image left the list
/// between the look and the mount. What may excuse wrong bytes: that damage alone.
/// </summary>
internal sealed class FirePanel : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly TestSite _site;
    private readonly string _surface;
    private readonly FireRecord _record;
    private readonly Random _random;
    private readonly HttpClient _http;
    private readonly SimulatedDomain _domain;

    public FirePanel(FireFleet fleet, TestSite site, string surface, FireRecord record, Random random)
    {
        (_site, _surface, _record, _random) = (site, surface, record, random);
        _domain = fleet.DomainOf(site);
        _http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = fleet.ApiOf(site), Timeout = TimeSpan.FromSeconds(30) };
    }

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await LookAsync();
            await Task.Delay(Pause, CancellationToken.None);
        }
    }

    /// <summary>Everything that is listed now, read from the first byte to the last.</summary>
    public async Task<IReadOnlyList<ImageId>> ReadAllAsync()
    {
        var asked = FireRecord.Now;
        var images = await ListAsync() ?? throw new InvalidOperationException($"{_site.Id} does not answer.");
        foreach (var image in images.Where(i => _record.Find(i.Id) is not null))
        {
            await MountAsync(image.Mount, _record.Find(image.Id)!, asked, leased: false, whole: true);
        }

        return [.. images.Select(i => i.Id)];
    }

    public void Dispose() => _http.Dispose();

    private async Task LookAsync()
    {
        var before = _record.Images.Select(i => (Image: i, i.Removed)).ToList();
        var asked = FireRecord.Now;
        if (await ListAsync() is not { } listed)
        {
            return;
        }

        _record.Count("lists");
        foreach (var (image, gone) in before)
        {
            if (gone is not null && gone.Site == _site.Id && gone == image.Removed && listed.Any(i => i.Id == image.Id))
            {
                _record.Violated($"{image.Name} is listed on {_surface} of {_site.Id} {(asked - gone.At).TotalSeconds:F3} s after its removal was acknowledged there.");
            }
        }

        foreach (var unknown in listed.Where(i => _record.Find(i.Id) is null))
        {
            _record.Violated($"{unknown.Name} ({unknown.Id}) is listed on {_surface} of {_site.Id}, and nobody ever added it.");
        }

        foreach (var image in listed.Where(i => _surface == "ovirt" && _record.IsListedInVain(_site.Id, i.Id, asked, FireRecord.Now)))
        {
            _record.Violated($"{image.Name} is listed on ovirt of {_site.Id}, whose engine has been in trouble for longer than {FireRecord.EngineWindow.TotalSeconds} s.");
        }

        var mountable = listed.Where(i => _record.Find(i.Id) is not null).ToList();
        if (mountable.Count == 0)
        {
            return;
        }

        var picked = mountable[_random.Next(mountable.Count)];
        var made = _record.Find(picked.Id)!;
        if (_random.Next(4) == 0)
        {
            await HoldAsync(picked, made, asked);
        }
        else
        {
            await MountAsync(picked.Mount, made, asked, leased: false, whole: _random.Next(8) == 0);
        }
    }

    private async Task HoldAsync(AvailableImage picked, FireImage made, DateTimeOffset asked)
    {
        LeaseView? lease = null;
        var held = FireRecord.Now;
        var taken = await TryAsync(async () =>
        {
            using var answer = await _http.PostAsync(
                "api/v1/leases", JsonContent.Create(new LeaseRequest(picked.Id.ToString(), _surface, "127.0.0.1", 60), ApiJson.Default.LeaseRequest));
            lease = answer.StatusCode == HttpStatusCode.Created ? await answer.Content.ReadFromJsonAsync(ApiJson.Default.LeaseView) : null;
            return lease is null ? $"no lease: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}" : null;
        });
        if (lease is null)
        {
            if (_record.IsDiskTrouble(_site.Id, held, FireRecord.Now) && taken!.Contains("no lease: 5", StringComparison.Ordinal))
            {
                _record.Count("leases refused at a disk in trouble");
                return;
            }

            await JudgeAsync(made, asked, taken!, leased: false);
            return;
        }

        _record.Count("leases");
        await MountAsync(lease.Mount, made, held, leased: true, whole: _random.Next(4) == 0);
        var ended = await TryAsync(async () =>
        {
            using var answer = await _http.DeleteAsync("api/v1/leases/" + lease.Id);
            return answer.StatusCode == HttpStatusCode.NoContent ? null : $"its lease is not there at its end: {(int)answer.StatusCode}";
        });
        if (ended is not null && !_record.WasDown(_site.Id, held, FireRecord.Now))
        {
            _record.Violated($"{made.Name} on {_surface} of {_site.Id}: {ended}");
        }
    }

    private async Task MountAsync(SurfaceMount mount, FireImage made, DateTimeOffset since, bool leased, bool whole)
    {
        _record.Count("mounts");
        _record.Count("mounts on " + _surface);
        _record.Count(whole ? "read whole" : "read in part");
        var wrong = false;
        var failure = await TryAsync(async () =>
        {
            // A virtual machine takes its disc out of the engine's list.
            if (mount.FileId is { } file && !(await _domain.ListAsync(CancellationToken.None)).Contains(file))
            {
                return "the engine does not list it";
            }

            foreach (var (offset, count) in whole ? [(0, made.Bytes.Length)] : Parts(made.Bytes.Length))
            {
                var read = mount.Url is { } url ? await ServedAsync(url, made, offset, count, whole)
                    : await FileAsync(mount.Path ?? Path.Combine(_domain.Files, mount.FileId!), offset, count, whole);
                if (read.Bytes is null)
                {
                    return read.Problem;
                }

                if (!read.Bytes.AsSpan().SequenceEqual(made.Bytes.AsSpan(offset, count)))
                {
                    wrong = true;
                    return $"wrong bytes from {offset} on, {read.Bytes.Length} instead of {count}";
                }
            }

            return null;
        });
        if (failure is not null)
        {
            await JudgeAsync(made, since, (leased ? "leased, " : "") + failure, leased, wrong);
        }
    }

    private IEnumerable<(int Offset, int Count)> Parts(int size)
    {
        for (var parts = _random.Next(1, 4); parts > 0; parts--)
        {
            var offset = _random.Next(size - 1);
            yield return (offset, Math.Min(size - offset, _random.Next(1, 70_000)));
        }
    }

    private async Task<(byte[]? Bytes, string? Problem)> ServedAsync(string url, FireImage made, int offset, int count, bool whole)
    {
        using (var head = await _http.SendAsync(new HttpRequestMessage(HttpMethod.Head, url)))
        {
            if (head.StatusCode != HttpStatusCode.OK)
            {
                return (null, $"HEAD gives {(int)head.StatusCode}");
            }

            if (head.Content.Headers.ContentLength != made.Bytes.Length)
            {
                return ([], null);
            }
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (!whole)
        {
            request.Headers.Range = new RangeHeaderValue(offset, offset + count - 1);
        }

        using var answer = await _http.SendAsync(request);
        return answer.StatusCode == (whole ? HttpStatusCode.OK : HttpStatusCode.PartialContent)
            ? (await answer.Content.ReadAsByteArrayAsync(), null)
            : (null, $"GET gives {(int)answer.StatusCode}");
    }

    private static async Task<(byte[]? Bytes, string? Problem)> FileAsync(string path, int offset, int count, bool whole)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[whole ? RandomAccess.GetLength(file) : count];
        var done = 0;
        while (done < bytes.Length && await RandomAccess.ReadAsync(file, bytes.AsMemory(done), offset + done) is > 0 and var read)
        {
            done += read;
        }

        return (bytes[..done], null);
    }

    private async Task<List<AvailableImage>?> ListAsync()
    {
        var asked = FireRecord.Now;
        List<AvailableImage>? images = null;
        var failure = await TryAsync(async () =>
        {
            using var answer = await _http.GetAsync("api/v1/available?surface=" + _surface);
            images = answer.StatusCode == HttpStatusCode.OK ? [.. (await answer.Content.ReadFromJsonAsync(ApiJson.Default.AvailableAnswer))!.Images] : null;
            return images is null ? $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}" : null;
        });
        if (failure is not null && !_record.WasDown(_site.Id, asked, FireRecord.Now))
        {
            _record.Violated($"{_site.Id} gives no list of {_surface}: {failure}");
        }

        return images;
    }

    private async Task JudgeAsync(FireImage made, DateTimeOffset since, string failure, bool leased, bool wrong = false)
    {
        var now = FireRecord.Now;
        if (_record.IsDamaged(_site.Id, _surface, made.Id, since, now))
        {
            _record.Count("within two seconds of damage");
        }
        else if (!wrong && _record.WasDown(_site.Id, since, now))
        {
            _record.Count("at a kill");
        }
        else if (!wrong && _surface == "ovirt" && _record.IsEngineTrouble(_site.Id, made.Id, since, now))
        {
            _record.Count("at an engine in trouble");
        }
        else if (!wrong && !leased && await LeftSinceAsync(made.Id, since))
        {
            _record.Count("after it left the list");
        }
        else if (!wrong && _record.WasDown(_site.Id, since, FireRecord.Now))
        {
            _record.Count("at a kill");
        }
        else
        {
            _record.Violated($"{made.Name} on {_surface} of {_site.Id}, listed {(now - since).TotalSeconds:F3} s before: {failure}");
        }
    }

    /// <summary>Not in the list any more, or it left the list or came back since.</summary>
    private async Task<bool> LeftSinceAsync(ImageId image, DateTimeOffset since)
    {
        if (await ListAsync() is not { } list || list.All(i => i.Id != image))
        {
            return true;
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, "api/v1/events");
        request.Headers.Accept.ParseAdd("application/json");
        IReadOnlyList<SiteEvent> events = [];
        var failure = await TryAsync(async () =>
        {
            using var answer = await _http.SendAsync(request);
            events = (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync(ApiJson.Default.IReadOnlyListSiteEvent))!;
            return null;
        });
        return failure is null && events.Any(e => e.Type == "surface" && e.Image == image && e.Surface == _surface
            && (e.At >= since || _record.IsClockTrouble(_site.Id, since, FireRecord.Now)));
    }

    /// <returns>What went wrong, null for nothing.</returns>
    private static async Task<string?> TryAsync(Func<Task<string?>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or UnauthorizedAccessException)
        {
            return $"{e.GetType().Name}: {e.Message} {e.InnerException?.Message}";
        }
    }
}
