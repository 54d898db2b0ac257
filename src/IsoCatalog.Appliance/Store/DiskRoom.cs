using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Store;

/// <summary>
/// The room for images on the data folder's disk. Adds and fetches claim what they will take, so that two that run at the same time leave the floor free together as
/// each does alone. What is counted is what a file takes of the disk, not how long it is: a partial file is mostly holes. Thread-safe.
/// </summary>
/// <param name="floor">Bytes that stay free.</param>
internal sealed class DiskRoom(SiteFolders folders, Reserve reserve, long floor)
{
    private readonly List<Claim> _claims = [];
    private long _floor = floor;

    /// <summary>Bytes that stay free. What is claimed already keeps its claim, and asks by this one when it asks again.</summary>
    public long Floor
    {
        set => Volatile.Write(ref _floor, value);
    }

    public Reserve Reserve => reserve;

    /// <summary>Claims the room that a file will take until the claim is disposed of.</summary>
    /// <param name="path">The file, which may be there in part.</param>
    /// <param name="size">All of its bytes.</param>
    /// <returns>The claim; or, if there is not enough room, how much is missing.</returns>
    public (Claim? Claim, Shortage? Shortage) TryClaim(string path, long size)
    {
        var claim = new Claim(this, path, size);
        lock (_claims)
        {
            if (ShortageFor_NeedsLock(claim) is { } shortage)
            {
                return (null, shortage);
            }

            _claims.Add(claim);
            return (claim, null);
        }
    }

    private Shortage? ShortageFor_NeedsLock(Claim claim)
    {
        var free = FreeSpace.Of(folders.Staging).AvailableBytes + reserve.Held;
        var (own, others) = (claim.Left, _claims.Where(c => c != claim).Sum(c => c.Left));
        var kept = Volatile.Read(ref _floor);
        return own + others + kept > free ? new Shortage(own + others + kept - free, free, kept, others) : null;
    }

    /// <summary>Of one add, or of one fetch.</summary>
    internal sealed class Claim(DiskRoom room, string path, long size) : IDisposable
    {
        private long _size = size;

        /// <summary>What it will still take.</summary>
        public long Left => Math.Max(0, _size - FreeSpace.TakenBy(path));

        /// <summary>Is there still room for all that was claimed? Others than this site fill disks too.</summary>
        public Shortage? Shortage
        {
            get
            {
                lock (room._claims)
                {
                    return room.ShortageFor_NeedsLock(this);
                }
            }
        }

        /// <summary>It will be so many bytes: of what comes without saying how long it is.</summary>
        /// <returns>How much is missing.</returns>
        public Shortage? Grow(long size)
        {
            lock (room._claims)
            {
                _size = size;
                return room.ShortageFor_NeedsLock(this);
            }
        }

        public void Dispose()
        {
            lock (room._claims)
            {
                room._claims.Remove(this);
            }
        }
    }
}

/// <param name="Missing">So many bytes have to be freed.</param>
/// <param name="Free">So many are.</param>
/// <param name="Floor">So many must stay so.</param>
/// <param name="Others">So many more are claimed by adds and fetches that run.</param>
internal sealed record Shortage(long Missing, long Free, long Floor, long Others)
{
    /// <summary>What stands in the way, in words.</summary>
    public string Describe(string folder) =>
        $"{Floor:N0} bytes must stay free (store.floor){(Others > 0 ? $", {Others:N0} are for what is on its way already" : "")}, but {folder} has {Free:N0}: {Missing:N0} are missing.";
}
