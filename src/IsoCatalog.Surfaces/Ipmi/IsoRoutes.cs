using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using IsoCatalog.Core.Catalog;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>
/// The table from <c>/&lt;token&gt;/&lt;name&gt;.iso</c> to what is served there: the only thing the listener consults. Lookups take no lock.
/// Thread-safe.
/// </summary>
public sealed class IsoRoutes : IDisposable
{
    private static readonly TimeSpan HandleIdle = TimeSpan.FromSeconds(60);

    private readonly IsoStoreFiles _files;
    private readonly ChannelWriter<ImageDoubt> _doubts;
    private readonly TimeProvider _time;
    private readonly ITimer _idleHandles;
    private readonly ConcurrentDictionary<string, Route> _byPath = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly Dictionary<ImageId, ServedImage> _images = [];
    private readonly Dictionary<(string Surface, ImageId Image), Route> _standing = [];
    private readonly Dictionary<string, Route> _leases = new(StringComparer.Ordinal);
    private volatile BmcConnections[] _readers = [];

    /// <param name="files">How store files are looked at.</param>
    /// <param name="doubts">Gets each doubt once; must accept writes at any time (an unbounded channel).</param>
    /// <param name="time">The clock of last reads and of idle handles.</param>
    public IsoRoutes(IsoStoreFiles files, ChannelWriter<ImageDoubt> doubts, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(doubts);
        ArgumentNullException.ThrowIfNull(time);
        (_files, _doubts, _time) = (files, doubts, time);
        _idleHandles = time.CreateTimer(static table => ((IsoRoutes)table!).CloseIdleHandles(), this, HandleIdle, HandleIdle);
    }

    internal IsoStoreFiles Files => _files;

    /// <summary>
    /// Whether a path that leads to nothing now may do so again for this client, without anything being done: then it is answered 503 and not 404, which a BMC takes for
    /// "gone". The default is that it never does. Called from any thread; must not wait.
    /// </summary>
    public Func<string, IPAddress, bool> Awaits { get; set; } = static (_, _) => false;

    /// <summary>Opens the lease's URL to one BMC. Adding a token again replaces what it held. The image need not be advertised, only verified.</summary>
    /// <param name="surface">Names the lease in logs and metrics.</param>
    /// <param name="token">From <see cref="BmcToken.New"/>, kept by the caller so that the URL survives a restart.</param>
    /// <param name="image">As it lies in the store.</param>
    /// <param name="bmc">The one client address that gets anything but 404.</param>
    /// <returns>The path of the URL.</returns>
    public string AddLease(string surface, string token, StoredImage image, IPAddress bmc)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(bmc);
        var path = BmcUrl.PathOf(token, image.FileName);
        Route? replaced;
        lock (_gate)
        {
            if (_leases.TryGetValue(token, out replaced) && replaced.Path == path && replaced.Image.Id == image.Id)
            {
                Take_NeedsLock(image);
                replaced.Allow([Only(bmc)]);
                return path;
            }

            var route = new Route(path, RouteKind.Lease, surface, Take_NeedsLock(image), [Only(bmc)]);
            route.Image.Routes++;
            _leases[token] = route;
            _byPath[path] = route;
            Release_NeedsLock(replaced);
        }

        Cut(replaced);
        return path;
    }

    /// <summary>Closes a lease's URL and cuts what is being read through it. An unknown token is nothing to do.</summary>
    public void RemoveLease(string token)
    {
        Route? route;
        lock (_gate)
        {
            _leases.Remove(token, out route);
            Release_NeedsLock(route);
        }

        Cut(route);
    }

    /// <summary>Whether any lease is for a client at this address.</summary>
    internal bool HasLeaseOf(IPAddress client)
    {
        lock (_gate)
        {
            return _leases.Values.Any(route => route.Admits(client));
        }
    }

    /// <summary>Null for a token that is no lease.</summary>
    public RouteActivity? ActivityOf(string token)
    {
        lock (_gate)
        {
            return _leases.TryGetValue(token, out var route) ? route.Activity() : null;
        }
    }

    /// <summary>
    /// Tells every route of an image that its file was verified anew: another inode or another place. Ends a doubt. Responses that are under way go on with the file they began with, if that still agrees with its own receipt.
    /// </summary>
    public void Refresh(StoredImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        lock (_gate)
        {
            if (_images.TryGetValue(image.Id, out var served))
            {
                served.Exchange(new ServedFile(image, _files));
            }
        }
    }

    /// <summary>Stops serving an image on all its routes and reports why, once.</summary>
    public void RaiseDoubt(ImageDoubt doubt)
    {
        ArgumentNullException.ThrowIfNull(doubt);
        ServedImage? served;
        lock (_gate)
        {
            _images.TryGetValue(doubt.Image, out served);
        }

        if (served is not null)
        {
            RaiseDoubt(served, served.File, doubt);
        }
    }

    public void Dispose()
    {
        _idleHandles.Dispose();
        lock (_gate)
        {
            _byPath.Clear();
            foreach (var served in _images.Values)
            {
                served.File.Retire();
            }

            _images.Clear();
            _standing.Clear();
            _leases.Clear();
        }
    }

    /// <summary>Whose responses end when a route does.</summary>
    internal void Attach(BmcConnections readers)
    {
        lock (_gate)
        {
            _readers = [.. _readers, readers];
        }
    }

    internal void Detach(BmcConnections readers)
    {
        lock (_gate)
        {
            _readers = [.. _readers.Where(other => other != readers)];
        }
    }

    /// <summary>A route that is there already gets the new list, and who reads by it goes on.</summary>
    internal void AddStanding(string surface, string path, StoredImage image, IReadOnlyList<IPNetwork> allow)
    {
        Route? replaced;
        lock (_gate)
        {
            if (_standing.TryGetValue((surface, image.Id), out replaced) && replaced.Path == path)
            {
                Take_NeedsLock(image);
                replaced.Allow(allow);
                return;
            }

            var route = new Route(path, RouteKind.Standing, surface, Take_NeedsLock(image), allow);
            route.Image.Routes++;
            _standing[(surface, image.Id)] = route;
            _byPath[path] = route;
            Release_NeedsLock(replaced);
        }

        Cut(replaced);
    }

    /// <summary>All standing routes of a surface get the new list; who reads by one and is not on it is cut.</summary>
    internal void AllowStanding(string surface, IReadOnlyList<IPNetwork> allow, HashSet<ImageId> except)
    {
        lock (_gate)
        {
            foreach (var (key, route) in _standing)
            {
                if (key.Surface == surface && !except.Contains(key.Image))
                {
                    route.Allow(allow);
                }
            }
        }

        Cut((route, client) => route.Kind == RouteKind.Standing && route.Surface == surface && !route.Admits(client));
    }

    internal void RemoveStanding(string surface, ImageId image)
    {
        Route? route;
        lock (_gate)
        {
            _standing.Remove((surface, image), out route);
            Release_NeedsLock(route);
        }

        Cut(route);
    }

    /// <summary>Withdraws all standing routes of a surface.</summary>
    internal void RemoveSurface(string surface)
    {
        ImageId[] images;
        lock (_gate)
        {
            images = [.. _standing.Keys.Where(key => key.Surface == surface).Select(key => key.Image)];
        }

        foreach (var image in images)
        {
            RemoveStanding(surface, image);
        }
    }

    internal bool HasStanding(string surface, ImageId image)
    {
        lock (_gate)
        {
            return _standing.ContainsKey((surface, image));
        }
    }

    /// <returns>Null for a path that is not there and, alike, for one that is not meant for this client.</returns>
    internal Route? Find(string path, IPAddress client) =>
        _byPath.TryGetValue(path, out var route) && route.Admits(client) ? route : null;

    /// <summary>The open file of an image, checked; <see cref="ServedFile.Leave"/> must follow.</summary>
    internal SafeFileHandle? TryEnter(ServedImage image, out ServedFile file)
    {
        while (true)
        {
            file = image.File;
            if (file.TryEnter(out var doubt) is { } handle)
            {
                return handle;
            }

            // A refresh may have overtaken us: then the new file decides.
            if (ReferenceEquals(file, image.File))
            {
                if (doubt is not null)
                {
                    RaiseDoubt(image, file, doubt);
                }

                return null;
            }
        }
    }

    /// <summary>Whether bytes just read from the handle are still the verified ones; to be asked before they are sent.</summary>
    internal bool StillAgrees(ServedImage image, ServedFile file, SafeFileHandle handle)
    {
        if (file.Disagreement(handle) is not { } doubt)
        {
            return true;
        }

        // The same inode may have been verified anew while we read from it.
        if (image.File is var current && !ReferenceEquals(current, file) && current.Disagreement(handle) is null)
        {
            return true;
        }

        RaiseDoubt(image, file, doubt);
        return false;
    }

    internal void RaiseDoubt(ServedImage image, ServedFile file, ImageDoubt doubt)
    {
        if (file.TryDoubt(doubt) && ReferenceEquals(file, image.File))
        {
            _doubts.TryWrite(doubt);
            Cut((route, _) => ReferenceEquals(route.Image, image));
        }
    }

    internal static IPNetwork Only(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return new IPNetwork(plain, plain.GetAddressBytes().Length * 8);
    }

    private ServedImage Take_NeedsLock(StoredImage image)
    {
        if (!_images.TryGetValue(image.Id, out var served))
        {
            served = new ServedImage(image.Id, new ServedFile(image, _files));
            _images.Add(image.Id, served);
        }
        else if (served.File.Image.StoreReceipt != image.StoreReceipt || served.File.Image.StorePath != image.StorePath)
        {
            served.Exchange(new ServedFile(image, _files));
        }

        return served;
    }

    private void Release_NeedsLock(Route? route)
    {
        if (route is null)
        {
            return;
        }

        route.Withdraw();
        _byPath.TryRemove(new KeyValuePair<string, Route>(route.Path, route));
        if (--route.Image.Routes == 0)
        {
            _images.Remove(route.Image.Id);
            route.Image.File.Retire();
        }
    }

    private void Cut(Route? withdrawn)
    {
        if (withdrawn is not null)
        {
            Cut((route, _) => ReferenceEquals(route, withdrawn));
        }
    }

    private void Cut(Func<Route, IPAddress, bool> which)
    {
        foreach (var readers in _readers)
        {
            readers.CutReaders(which);
        }
    }

    private void CloseIdleHandles()
    {
        ServedImage[] images;
        lock (_gate)
        {
            images = [.. _images.Values];
        }

        foreach (var image in images)
        {
            image.File.CloseIfIdle(_time, HandleIdle);
        }
    }
}
