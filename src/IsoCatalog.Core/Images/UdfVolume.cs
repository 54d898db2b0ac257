using System.Buffers.Binary;

namespace IsoCatalog.Core.Images;

/// <summary>A UDF volume: from its anchor to the descriptors of volume and partitions (ECMA-167 part 3). Files are not looked at.</summary>
internal sealed record UdfVolume(string VolumeId, DateTimeOffset? RecordedAt, ulong DeclaredSize)
{
    private const int AnchorLba = 256;
    private const int MaxDescriptors = 64;

    /// <summary>Of a disc whose last session is open (ECMA-167 3/8.4.2.1 as UDF 2.60 section 2.2.3 has it).</summary>
    private const int OpenAnchorLba = 512;

    // An optical image has blocks of one sector; disks have others (UDF 2.60 section 2.2.1).
    private static ReadOnlySpan<int> BlockSizes => [IsoReader.SectorSize, 512, 1024, 4096, 8192, 16384, 32768];

    /// <param name="spacing">See <see cref="VolumeDescriptors"/>.</param>
    /// <param name="dispensable">There is a volume of ISO 9660 beside it that is whole, so that a description that cannot be read is no more than a warning.</param>
    public static UdfVolume? Read(ImageWindow window, int spacing, bool dispensable, Findings findings)
    {
        var anchored = false;
        Span<byte> anchor = stackalloc byte[UdfTag.DescriptorSize];
        foreach (var block in BlockSizes)
        {
            var descriptor = new byte[block];
            var blocks = window.Length / (ulong)block;
            foreach (var lba in (ReadOnlySpan<ulong>)[AnchorLba, OpenAnchorLba, blocks - 1, blocks - 1 - AnchorLba])
            {
                if (lba >= blocks || UdfTag.Read(window, lba, descriptor) != UdfTag.Anchor)
                {
                    continue;
                }

                anchored = true;
                descriptor.AsSpan(0, anchor.Length).CopyTo(anchor);
                var volume = new Sequence(window, descriptor);
                if (volume.Read(anchor[16..]) || volume.Read(anchor[24..]))
                {
                    return volume.Judge(findings);
                }
            }
        }

        var needed = (AnchorLba + 1) * (ulong)spacing;
        var unread = anchored
            ? "The UDF volume has an anchor, but neither of the two copies of its description can be read."
            : $"The image says that it has a UDF volume, but there is no anchor at block {AnchorLba} or at the end of the file ({window.Length} bytes).";
        if (dispensable)
        {
            findings.Warn($"{unread} The ISO 9660 volume beside it is whole; what reads UDF alone may not mount the image.");
        }
        else if (!anchored && window.Length < needed)
        {
            findings.RefuseTruncated("The UDF volume, up to its anchor in block 256,", needed, window.Length);
        }
        else
        {
            findings.Refuse(IsoRefusal.Corrupt, unread, "Take the image from its source again.");
        }

        return null;
    }

    /// <summary>What one volume descriptor sequence says (ECMA-167 3/8.4.2).</summary>
    /// <param name="descriptor">As long as a block; what was in it is not needed any more.</param>
    private sealed class Sequence(ImageWindow window, byte[] descriptor)
    {
        private string _volumeId = "";
        private string _logicalVolumeId = "";
        private DateTimeOffset? _recordedAt;
        private ulong _end;
        private bool _writeOnce;
        private bool _logicalVolume;

        /// <summary>Follows an extent {length, location}; true when it described a logical volume and at least one partition.</summary>
        public bool Read(ReadOnlySpan<byte> extent)
        {
            // Every step reads one block, so that pointers in a circle end like any other sequence that is too long.
            var count = BinaryPrimitives.ReadUInt32LittleEndian(extent) / (uint)descriptor.Length;
            ulong location = BinaryPrimitives.ReadUInt32LittleEndian(extent[4..]);
            for (var left = MaxDescriptors; left > 0 && count > 0; left--, count--, location++)
            {
                var identifier = UdfTag.Read(window, location, descriptor);
                switch (identifier)
                {
                    case UdfTag.PrimaryVolume:
                        _volumeId = IsoText.DecodeDstring(descriptor.AsSpan(24, 32));
                        _recordedAt = ImageTime.FromUdf(descriptor.AsSpan(376, 12));
                        break;
                    case UdfTag.VolumePointer:
                        count = (BinaryPrimitives.ReadUInt32LittleEndian(descriptor.AsSpan(20)) / (uint)descriptor.Length) + 1;
                        location = BinaryPrimitives.ReadUInt32LittleEndian(descriptor.AsSpan(24)) - 1UL;
                        break;
                    case UdfTag.Partition:
                        Partition();
                        break;
                    case UdfTag.LogicalVolume when BinaryPrimitives.ReadUInt32LittleEndian(descriptor.AsSpan(212)) == descriptor.Length:
                        _logicalVolumeId = IsoText.DecodeDstring(descriptor.AsSpan(84, 128));
                        _logicalVolume = true;
                        break;
                }

                if (identifier is UdfTag.Terminator or null)
                {
                    break;
                }
            }

            return Complete;
        }

        public UdfVolume Judge(Findings findings)
        {
            if (_end > window.Length && !_writeOnce)
            {
                findings.RefuseTruncated("The UDF volume", _end, window.Length);
            }
            else if (_end > window.Length)
            {
                findings.Warn($"The write-once UDF volume could grow to {_end} bytes; whether its last session is complete was not checked.");
            }

            return new UdfVolume(
                _logicalVolumeId.Length > 0 ? _logicalVolumeId : _volumeId, _recordedAt, Math.Min(_end, window.Length));
        }

        private bool Complete => _logicalVolume && _end > 0;

        private void Partition()
        {
            const uint WriteOnce = 2;
            ulong start = BinaryPrimitives.ReadUInt32LittleEndian(descriptor.AsSpan(188));
            ulong length = BinaryPrimitives.ReadUInt32LittleEndian(descriptor.AsSpan(192));
            _end = Math.Max(_end, (start + length) * (ulong)descriptor.Length);
            _writeOnce |= BinaryPrimitives.ReadUInt32LittleEndian(descriptor.AsSpan(184)) == WriteOnce;
        }
    }
}
