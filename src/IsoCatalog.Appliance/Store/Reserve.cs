using System.Security.Cryptography;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Store;

/// <summary>
/// Room for what must be possible on a full disk too: signed documents, and the database. It is a file, which is given up when one of those finds no room, and made
/// again once there is some. Thread-safe. Why a file: docs/decisions/0018-full-disk.md.
/// </summary>
/// <param name="floor">What adds and fetches leave free; the reserve is a part of it.</param>
internal sealed class Reserve(SiteFolders folders, long floor, SiteAlarms alarms)
{
    private const int Block = 1 << 20;
    private const long Least = 1 << 20;
    private const long Most = 16 << 20;

    private readonly Lock _gate = new();

    private long _floor = floor;

    /// <summary>What adds and fetches leave free. What is held already is kept until it is given up.</summary>
    public long Floor
    {
        set => Volatile.Write(ref _floor, value);
    }

    /// <summary>Bytes. As much again has to be free beside it, or the disk is called full.</summary>
    public long Size => Math.Clamp(Volatile.Read(ref _floor) / 2, Least, Most);

    /// <summary>What it takes of the disk now: free, for whoever keeps to the floor.</summary>
    public long Held => FreeSpace.TakenBy(folders.Reserve);

    /// <summary>What has to be done, in words, where it cannot be had.</summary>
    public string Remedy => $"{2 * Size:N0} bytes must be free on the disk of {folders.Data}, and {FreeSpace.Of(folders.Data).AvailableBytes + Held:N0} are: free {Short:N0} more "
        + "(docs/operations/full-disk.md).";

    private long Short => Math.Max(2 * Size - FreeSpace.Of(folders.Data).AvailableBytes - Held, Least);

    /// <summary>Makes it if it is not there and there is room for it, and says whether the disk is full.</summary>
    public void Tend()
    {
        lock (_gate)
        {
            try
            {
                if (Held < Size && FreeSpace.Of(folders.Data).AvailableBytes >= 2 * Size)
                {
                    Take();
                }

                Tell();
            }
            catch (Exception e) when (DiskFault.IsOutside(e))
            {
                // A folder that is away is another alarm; what could not be made is tried again.
            }
        }
    }

    /// <summary>Writes something that must be possible on a full disk too: if there is no room, once more in that of the reserve.</summary>
    public void Write(Action write)
    {
        try
        {
            write();
        }
        catch (IOException e) when (DiskFault.IsFull(e) && GiveUp())
        {
            write();
        }
    }

    /// <returns>False when there is none.</returns>
    private bool GiveUp()
    {
        lock (_gate)
        {
            try
            {
                var held = Held > 0;
                File.Delete(folders.Reserve);
                Tell();
                return held;
            }
            catch (Exception e) when (DiskFault.IsOutside(e))
            {
                return false;
            }
        }
    }

    /// <summary>Random bytes: a file system that compresses would give no room for zeros, and one that knows no fallocate(2) none for a length.</summary>
    private void Take()
    {
        File.Delete(folders.Reserve);
        try
        {
            using var file = DurableFile.CreateNew(folders.Reserve);
            var bytes = new byte[Block];
            for (var offset = 0L; offset < Size; offset += Block)
            {
                RandomNumberGenerator.Fill(bytes);
                RandomAccess.Write(file, bytes.AsSpan(0, (int)Math.Min(Block, Size - offset)), offset);
            }

            DurableFile.Sync(file);
        }
        catch
        {
            File.Delete(folders.Reserve);
            throw;
        }
    }

    private void Tell() => alarms.Set(
        ReasonCode.DiskFull,
        Held >= Size && FreeSpace.Of(folders.Data).AvailableBytes >= Size
            ? null
            : $"The disk of {folders.Data} is full: less than {2 * Size:N0} bytes are left for signed documents and the database. What is listed stays and is served; images can be "
                + "removed and recalled as long as there is any room; none is added or fetched. Free some room (docs/operations/full-disk.md); it goes on by itself.");
}
