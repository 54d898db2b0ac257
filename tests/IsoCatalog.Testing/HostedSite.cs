using IsoCatalog.Appliance;
using IsoCatalog.Appliance.Commands;
using IsoCatalog.Appliance.Configuration;

namespace IsoCatalog.Testing;

/// <summary>A whole site in the process of the tests. It is up in a tenth of the time that a process takes, and cannot be killed or traced alone. It logs nothing.</summary>
internal sealed class HostedSite : RunningSite
{
    private readonly SiteHost _host;
    private bool _stopped;

    private HostedSite(SiteHost host)
    {
        _host = host;
        Addresses = new SiteAddresses(host.Api.ToString(), host.Iso?.ToString(), host.Fleet?.ToString(), host.Swarm?.ToString());
    }

    public override SiteAddresses Addresses { get; }

    public override bool HasExited => _stopped;

    public static async Task<HostedSite> StartAsync(ConfigurationResult.Loaded loaded, SiteHostOptions options, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(StartDeadline);
        var problems = HostCheck.Run(loaded, options.Time.GetUtcNow());
        return problems.Count == 0
            ? new HostedSite(await SiteHost.StartAsync(loaded.Configuration, options, deadline.Token))
            : throw new InvalidOperationException($"The site did not start: {problems[0].Describe(loaded.FileName)}");
    }

    public override async Task<string> StopAsync()
    {
        await DisposeAsync();
        return "";
    }

    public override async ValueTask DisposeAsync()
    {
        if (!_stopped)
        {
            _stopped = true;
            await _host.DisposeAsync().AsTask().WaitAsync(StopDeadline);
        }
    }
}
