using System.Buffers.Binary;
using IsoCatalog.Core.Images;
using Xunit;

namespace IsoCatalog.Tests.Images;

/// <summary>UDF volumes that point in circles, into nothing, or contradict themselves.</summary>
public sealed class UdfRulesTests(BuiltImages images) : IClassFixture<BuiltImages>
{
    private const int Block = 2048;
    private const ushort Pointer = 3;
    private const ushort Partition = 5;
    private const ushort Terminator = 8;

    [Fact]
    public void One_damaged_copy_of_the_description_is_made_up_for_by_the_other()
    {
        var image = Udf(out var main, out _);
        image.AsSpan(main * Block, 16 * Block).Clear();
        Assert.Equal("Größe_UDF", Inspect.Recognized(image).Metadata.VolumeId);
    }

    [Fact]
    public void Two_damaged_copies_are_corrupt()
    {
        var image = Udf(out var main, out var reserve);
        image.AsSpan(main * Block, 16 * Block).Clear();
        image.AsSpan(reserve * Block, 16 * Block).Clear();
        Assert.Contains("neither of the two copies", Corrupt(image), StringComparison.Ordinal);
    }

    [Fact]
    public void The_anchor_at_the_end_is_used_when_that_at_block_256_is_gone()
    {
        var image = Udf(out _, out _);
        image[256 * Block] ^= 1;
        Assert.Equal("Größe_UDF", Inspect.Recognized(image).Metadata.VolumeId);
        image[^Block] ^= 1;
        Assert.Contains("there is no anchor", Corrupt(image), StringComparison.Ordinal);
    }

    [Fact]
    public void Descriptions_that_point_at_themselves_end()
    {
        var image = Udf(out var main, out var reserve);
        foreach (var start in (int[])[main, reserve])
        {
            var pointer = image.AsSpan(start * Block, Block);
            pointer.Clear();
            BinaryPrimitives.WriteUInt32LittleEndian(pointer[20..], 16 * Block);
            BinaryPrimitives.WriteUInt32LittleEndian(pointer[24..], (uint)start);
            UdfSeal.Write(pointer, Pointer, (uint)start);
        }

        var refusal = Assert.IsType<IsoInspection.Refused>(HostileImage.Check(image, image.Length, mayRead: 1 << 20)).Refusal;
        Assert.Equal(IsoRefusal.Corrupt, refusal.Code);
    }

    [Fact]
    public void A_description_of_endless_length_is_read_for_64_blocks()
    {
        var image = Udf(out var main, out _);
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan((256 * Block) + 16), uint.MaxValue);
        UdfSeal.Write(image.AsSpan(256 * Block), 2, 256);
        for (var lba = main + 6; lba < main + 80; lba++)
        {
            UdfSeal.Write(image.AsSpan(lba * Block), Partition, (uint)lba);
        }

        Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image, image.Length, mayRead: 512 << 10));
    }

    [Fact]
    public void A_pointer_to_the_rest_of_the_description_is_followed()
    {
        var image = Udf(out var main, out var reserve);
        image.AsSpan(reserve * Block, 16 * Block).Clear();
        for (var i = 0; i < 6; i++)
        {
            // Moved to blocks that the volume does not use, and sealed for their new place.
            var moved = image.AsSpan((200 + i) * Block, Block);
            image.AsSpan((main + i) * Block, Block).CopyTo(moved);
            UdfSeal.Write(moved, BinaryPrimitives.ReadUInt16LittleEndian(moved), (uint)(200 + i));
        }

        var pointer = image.AsSpan(main * Block, Block);
        pointer.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(pointer[20..], 6 * Block);
        BinaryPrimitives.WriteUInt32LittleEndian(pointer[24..], 200);
        UdfSeal.Write(pointer, Pointer, (uint)main);
        UdfSeal.Write(image.AsSpan((main + 1) * Block), Terminator, (uint)(main + 1));
        Assert.Equal("Größe_UDF", Inspect.Recognized(image).Metadata.VolumeId);
    }

    [Fact]
    public void A_partition_of_the_largest_numbers_is_truncated_and_does_not_overflow()
    {
        var image = Udf(out var main, out _);
        for (var lba = main; lba < main + 6; lba++)
        {
            if (BinaryPrimitives.ReadUInt16LittleEndian(image.AsSpan(lba * Block)) == Partition)
            {
                image.AsSpan((lba * Block) + 188, 8).Fill(0xFF);
                UdfSeal.Write(image.AsSpan(lba * Block), Partition, (uint)lba);
            }
        }

        var refusal = Inspect.Refused(image);
        Assert.Equal(IsoRefusal.Truncated, refusal.Code);
        Assert.Contains($"needs {2UL * uint.MaxValue * Block} bytes", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_image_that_is_also_UDF_but_has_no_anchor_is_what_its_ISO_9660_volume_is(bool whole)
    {
        var image = File.ReadAllBytes(images.Require("bridge"));
        image.AsSpan(256 * Block, Block).Clear();
        for (var block = 257; block < image.Length / Block; block++)
        {
            if (image[block * Block] == 2 && image[(block * Block) + 1] == 0)
            {
                image.AsSpan(block * Block, Block).Clear();
            }
        }

        if (whole)
        {
            var (found, warnings) = Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image));
            Assert.True(found is { Iso9660: true, Udf: false, VolumeId: "BRIDGE" });
            Assert.Contains(warnings, warning => warning.Contains("there is no anchor", StringComparison.Ordinal));
        }
        else
        {
            image.AsSpan(16 * Block, Block)[128] = 1;
            var refused = Assert.IsType<IsoInspection.Refused>(HostileImage.Check(image));
            Assert.Equal(IsoRefusal.Corrupt, refused.Refusal.Code);
            Assert.Contains(refused.Vouched!.Warnings.Take(refused.Vouched.Faults), fault => fault.Contains("there is no anchor", StringComparison.Ordinal));
        }
    }

    private byte[] Udf(out int main, out int reserve)
    {
        var image = File.ReadAllBytes(images.Require("udf"));
        main = BinaryPrimitives.ReadInt32LittleEndian(image.AsSpan((256 * Block) + 20));
        reserve = BinaryPrimitives.ReadInt32LittleEndian(image.AsSpan((256 * Block) + 28));
        return image;
    }

    private static string Corrupt(byte[] image)
    {
        var refusal = Assert.IsType<IsoInspection.Refused>(HostileImage.Check(image)).Refusal;
        Assert.Equal(IsoRefusal.Corrupt, refusal.Code);
        return refusal.Message;
    }
}
