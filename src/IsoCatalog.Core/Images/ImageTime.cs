using System.Buffers.Binary;

namespace IsoCatalog.Core.Images;

/// <summary>The two ways in which images write a time. What is not a possible time is null.</summary>
internal static class ImageTime
{
    /// <summary>16 digits YYYYMMDDHHMMSScc and a signed count of quarter hours east of Greenwich (ECMA-119 section 8.4.26.1).</summary>
    public static DateTimeOffset? FromIso9660(ReadOnlySpan<byte> field)
    {
        Span<int> pairs = stackalloc int[8];
        for (var i = 0; i < pairs.Length; i++)
        {
            int tens = field[2 * i] - '0', ones = field[(2 * i) + 1] - '0';
            if (tens is < 0 or > 9 || ones is < 0 or > 9)
            {
                return null;
            }

            pairs[i] = (10 * tens) + ones;
        }

        return Make((100 * pairs[0]) + pairs[1], pairs[2], pairs[3], pairs[4], pairs[5], pairs[6], pairs[7], 15 * (sbyte)field[16]);
    }

    /// <summary>The 12 bytes of ECMA-167 1/7.3; an offset that is not stated is taken as UTC.</summary>
    public static DateTimeOffset? FromUdf(ReadOnlySpan<byte> field)
    {
        var minutes = (short)(BinaryPrimitives.ReadUInt16LittleEndian(field) << 4) >> 4;
        return Make(
            BinaryPrimitives.ReadInt16LittleEndian(field[2..]), field[4], field[5], field[6], field[7], field[8], field[9], minutes == -2047 ? 0 : minutes);
    }

    private static DateTimeOffset? Make(int year, int month, int day, int hour, int minute, int second, int centisecond, int offsetMinutes)
    {
        if (year is < 1 or > 9998 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)
            || hour > 23 || minute > 59 || second > 59 || centisecond > 99 || offsetMinutes is < -14 * 60 or > 14 * 60
            || (year == 1 && offsetMinutes > 0))
        {
            return null;
        }

        return new DateTimeOffset(year, month, day, hour, minute, second, 10 * centisecond, TimeSpan.FromMinutes(offsetMinutes));
    }
}
