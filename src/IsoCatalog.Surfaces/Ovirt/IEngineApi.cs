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

    [Get("/vms?follow=cdroms")]
    Task<MachineList?> MachinesAsync(CancellationToken cancellationToken);

    [Get("/vms/{machine}/cdroms")]
    Task<DriveList?> DrivesAsync(string machine, CancellationToken cancellationToken);

    /// <summary>Of a machine that runs: a disc changed there is not in the other list.</summary>
    [Get("/vms/{machine}/cdroms?current=true")]
    Task<DriveList?> CurrentDrivesAsync(string machine, CancellationToken cancellationToken);
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
