using Refit;

namespace IsoCatalog.Surfaces.Ovirt;

/// <summary>
/// What is asked of an oVirt engine (REST API v4). An answer is null when the engine says 404; whatever else is no answer comes as an
/// <see cref="EngineException"/> from the handlers below.
/// </summary>
[PathPrefix("/api")]
[Headers("Accept: application/json", "Version: 4")]
internal interface IEngineApi
{
    [Get("/storagedomains/{domain}")]
    Task<StorageDomainAnswer?> DomainAsync(string domain, CancellationToken cancellationToken);

    [Get("/datacenters/{center}/storagedomains/{domain}")]
    Task<StorageDomainAnswer?> DomainInAsync(string center, string domain, CancellationToken cancellationToken);

    [Get("/datacenters")]
    Task<DataCenterList?> DataCentersAsync(CancellationToken cancellationToken);

    [Get("/clusters")]
    Task<ClusterList?> ClustersAsync(CancellationToken cancellationToken);

    [Get("/storagedomains/{domain}/files?refresh=true")]
    Task<FileList?> FilesAsync(string domain, CancellationToken cancellationToken);

    /// <summary>All of them, with their drives as they will be at the next start. Without the filter's end a user who is no administrator would be shown his
    /// own machines alone, as if there were no others; with it he is refused.</summary>
    [Get("/vms?follow=cdroms&filter=false")]
    Task<MachineList?> MachinesAsync(CancellationToken cancellationToken);

    [Get("/vms/{machine}?follow=cdroms&filter=false")]
    Task<MachineAnswer?> MachineAsync(string machine, CancellationToken cancellationToken);

    /// <summary>For an engine that does not follow links (before 4.2).</summary>
    [Get("/vms/{machine}/cdroms?filter=false")]
    Task<DriveList?> DrivesAsync(string machine, CancellationToken cancellationToken);

    /// <summary>What is in a drive now: a disc that was changed in a running machine, or given to one start of it, is seen here alone. The collection of the
    /// machine's drives does not heed <c>current</c>.</summary>
    [Get("/vms/{machine}/cdroms/{drive}?current=true&filter=false")]
    Task<DriveAnswer?> CurrentDriveAsync(string machine, string drive, CancellationToken cancellationToken);
}

/// <summary>The engine's single sign-on, beside its API.</summary>
[Headers("Accept: application/json")]
internal interface IEngineSso
{
    [Post("/sso/oauth/token")]
    Task<IApiResponse<TokenAnswer>> LogInAsync([Body] HttpContent form, CancellationToken cancellationToken);

    [Post("/services/sso-logout")]
    Task LogOutAsync([Body] HttpContent form, CancellationToken cancellationToken);
}
