using System.Security.Cryptography;

namespace IsoCatalog.IntegrationTests.Surfaces;

/// <summary>
/// A place without files, such as the data domain of an engine: disks that are known by an id that the domain gives them. Two may have one alias. It outlives
/// the surfaces that are opened on it. Thread-safe.
/// </summary>
internal sealed class DiskDomain
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Disk> _disks = [];

    public Guid Id { get; } = Guid.NewGuid();

    /// <summary>How many disks were ever made here.</summary>
    public int Made { get; private set; }

    /// <summary>What a user of the domain can pick from.</summary>
    public IReadOnlyDictionary<Guid, string> Offered
    {
        get
        {
            lock (_gate)
            {
                return _disks.Where(d => d.Value.Offered).ToDictionary(d => d.Key, d => d.Value.Alias);
            }
        }
    }

    /// <summary>Makes a disk that is not offered yet.</summary>
    /// <param name="alias">What users see.</param>
    /// <param name="description">What whoever made it finds it by again.</param>
    public Guid Create(string alias, string description, byte[] bytes)
    {
        lock (_gate)
        {
            Made++;
            var id = Guid.NewGuid();
            _disks.Add(id, new Disk(alias, description, bytes, Offered: false));
            return id;
        }
    }

    public void Offer(Guid id)
    {
        lock (_gate)
        {
            _disks[id] = _disks[id] with { Offered = true };
        }
    }

    /// <summary>Deletes a disk; that there is none is fine.</summary>
    public void Remove(Guid id)
    {
        lock (_gate)
        {
            _disks.Remove(id);
        }
    }

    public IReadOnlyList<(Guid Id, string Description, bool Offered)> All()
    {
        lock (_gate)
        {
            return [.. _disks.Select(d => (d.Key, d.Value.Description, d.Value.Offered))];
        }
    }

    /// <summary>The whole disk, over the network; null when there is none.</summary>
    public byte[]? Read(Guid id)
    {
        lock (_gate)
        {
            return _disks.TryGetValue(id, out var disk) ? [.. disk.Bytes] : null;
        }
    }

    /// <summary>The checksum of a disk, computed where it lies; null when there is none.</summary>
    public string? ChecksumOf(Guid id)
    {
        lock (_gate)
        {
            return _disks.TryGetValue(id, out var disk) ? Convert.ToHexStringLower(SHA256.HashData(disk.Bytes)) : null;
        }
    }

    public void FlipOneByte(Guid id)
    {
        lock (_gate)
        {
            var bytes = _disks[id].Bytes;
            bytes[bytes.Length / 2] ^= 1;
        }
    }

    private sealed record Disk(string Alias, string Description, byte[] Bytes, bool Offered);
}
