using System.Collections.Concurrent;
using IsoCatalog.Client;

namespace YourPanel;

/// <summary>What a panel needs of the site where the server stands. Thread-safe.</summary>
public sealed class SitePanel(Uri site, string token) : IDisposable
{
    private readonly IApplianceClient _site = ApplianceClient.At(site, new ApplianceClientOptions { Token = token });
    private readonly ConcurrentDictionary<string, AvailableChange> _lists = new();

    /// <summary>What can be mounted now. Asks each time; the list itself travels only when it has changed.</summary>
    /// <returns>Null when the site cannot be asked: then show no list rather than an old one.</returns>
    public async Task<IReadOnlyList<AvailableImage>?> ListAsync(string surface, CancellationToken cancellationToken)
    {
        try
        {
            var known = _lists.GetValueOrDefault(surface);
            var changed = await _site.GetAvailableAsync(new AvailableRequest(surface), known?.ETag, cancellationToken);
            return (changed is null ? known! : _lists[surface] = changed).Answer.Images;
        }
        catch (Exception e) when (e is ApplianceUnreachableException or ApplianceException { Status: 503 })
        {
            return null;
        }
    }

    /// <summary>At the customer's click: the last check, and the promise that the image stays.</summary>
    /// <returns>The lease with what to mount; or why not, in words for the customer.</returns>
    public async Task<(LeaseView? Lease, string? Why)> HoldAsync(string image, string surface, string client, CancellationToken cancellationToken)
    {
        try
        {
            return (await _site.TakeLeaseAsync(new LeaseRequest(image, surface, client, Ttl: 86_400), cancellationToken), null);
        }
        catch (ApplianceException no) when (no.Problem.Type is "urn:isocatalog:problem:not-ready" or "urn:isocatalog:problem:not-found")
        {
            return (null, no.Problem.Detail);
        }
    }

    /// <summary>While it is in use, well before it runs out.</summary>
    public Task KeepAsync(string lease, CancellationToken cancellationToken) => _site.RenewLeaseAsync(lease, new LeaseRenewal(86_400), cancellationToken);

    /// <summary>After the BMC, the console or oVirt has let go of the image.</summary>
    public async Task EjectedAsync(string lease, CancellationToken cancellationToken)
    {
        try
        {
            await _site.EndLeaseAsync(lease, cancellationToken);
        }
        catch (ApplianceException over) when (over.Status == 404)
        {
            // It ended before.
        }
    }

    public void Dispose() => _site.Dispose();
}
