using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>What to answer to a request for a file that is there and right: decided from the headers alone (RFC 9110 sections 13 and 14). Pure.</summary>
/// <param name="Status">200, 206, 304, 412 or 416.</param>
/// <param name="Start">First byte of the body.</param>
/// <param name="Length">Bytes of the body of a GET.</param>
internal readonly record struct IsoAnswer(int Status, long Start, long Length)
{
    private static readonly string[] DateForms = ["R", "dddd, dd-MMM-yy HH:mm:ss 'GMT'", "ddd MMM d HH:mm:ss yyyy"];

    /// <param name="isGet">False for HEAD, for which a range means nothing.</param>
    /// <param name="headers">Of the request.</param>
    /// <param name="etag">Strong, quoted.</param>
    /// <param name="modifiedAt">Whole seconds.</param>
    /// <param name="size">Of the file, bytes; at least 1.</param>
    public static IsoAnswer Decide(bool isGet, IHeaderDictionary headers, string etag, DateTimeOffset modifiedAt, long size)
    {
        if (Precondition(headers, etag, modifiedAt) is { } status)
        {
            return new IsoAnswer(status, 0, 0);
        }

        if (isGet && headers.Range is [{ } header] && RangeStillMeant(headers.IfRange, etag, modifiedAt)
            && ByteRange.Parse(header, size) is { } range)
        {
            return range.IsSatisfiable
                ? new IsoAnswer(StatusCodes.Status206PartialContent, range.Start, range.Length)
                : new IsoAnswer(StatusCodes.Status416RangeNotSatisfiable, 0, 0);
        }

        return new IsoAnswer(StatusCodes.Status200OK, 0, size);
    }

    private static int? Precondition(IHeaderDictionary headers, string etag, DateTimeOffset modifiedAt)
    {
        if (headers.IfMatch is { Count: > 0 } match)
        {
            if (!Names(match, etag, weakToo: false))
            {
                return StatusCodes.Status412PreconditionFailed;
            }
        }
        else if (Date(headers.IfUnmodifiedSince) is { } unmodifiedSince && modifiedAt > unmodifiedSince)
        {
            return StatusCodes.Status412PreconditionFailed;
        }

        if (headers.IfNoneMatch is { Count: > 0 } noneMatch)
        {
            return Names(noneMatch, etag, weakToo: true) ? StatusCodes.Status304NotModified : null;
        }

        return Date(headers.IfModifiedSince) is { } modifiedSince && modifiedAt <= modifiedSince ? StatusCodes.Status304NotModified : null;
    }

    // If-Range compares strongly, and a date must be exactly ours; anything else means the whole file.
    private static bool RangeStillMeant(StringValues ifRange, string etag, DateTimeOffset modifiedAt) =>
        ifRange.Count == 0 || (ifRange is [{ } validator] && (validator == etag || Date(validator) == modifiedAt));

    private static bool Names(StringValues list, string etag, bool weakToo)
    {
        foreach (var line in list)
        {
            foreach (var part in line.AsSpan().Split(','))
            {
                var tag = line.AsSpan()[part].Trim(" \t");
                if (weakToo && tag.StartsWith("W/", StringComparison.Ordinal))
                {
                    tag = tag[2..];
                }

                if (tag is "*" || tag.SequenceEqual(etag))
                {
                    return true;
                }
            }
        }

        return false;
    }

    // RFC 9110 section 5.6.7: the form of today, and the two that must be read too (RFC 850, asctime).
    private static DateTimeOffset? Date(StringValues header) =>
        header is [{ } text]
        && DateTimeOffset.TryParseExact(
            text, DateForms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowInnerWhite, out var date)
            ? date
            : null;
}
