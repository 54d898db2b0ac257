using System.Net;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Surfaces;

/// <summary>A surface that gives each lease a URL of its own, which nobody but the lease's client gets anything from. Thread-safe.</summary>
public interface ILeaseUrls : ISurface
{
    /// <summary>What makes the URL of one lease unguessable; kept with the lease, so that the URL survives a restart.</summary>
    string NewToken();

    /// <summary>What a lease's holder mounts, whether it is open or not. Opens nothing.</summary>
    /// <param name="token">From <see cref="NewToken"/>.</param>
    /// <param name="image">Under the name that it has.</param>
    /// <returns>Null when there is no address to put into the URL.</returns>
    SurfaceMount? LeaseMountOf(string token, StoredImage image);

    /// <summary>Opens the URL, for as long as the lease lives. Adding a token again replaces what it held. The image need not be advertised, only verified.</summary>
    /// <param name="token">From <see cref="NewToken"/>.</param>
    /// <param name="image">As it lies in the store.</param>
    /// <param name="client">The one address that is answered.</param>
    /// <returns>Null when there is no address to put into the URL.</returns>
    SurfaceMount? AddLease(string token, StoredImage image, IPAddress client);

    /// <summary>Closes the URL and cuts what is being read through it. An unknown token is nothing to do.</summary>
    void RemoveLease(string token);
}
